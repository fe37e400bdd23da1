import { Popover } from 'radix-ui';
import { findEntry } from './find-entry.ts';
import { words } from './words.ts';

/** A small question mark beside a word; nothing where the glossary does not know it. */
export function What({ names }: { names: readonly (string | undefined)[] }) {
  const entry = findEntry(...names);
  if (!entry) return null;
  const title = entry.names[0]!;
  return (
    <Popover.Root>
      <Popover.Trigger className="what" aria-label={words.whatIs(title)}>
        <span aria-hidden="true">?</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="what-says" sideOffset={6} collisionPadding={12} aria-label={title}>
          <p>
            <b>{title}</b>
          </p>
          <p>{entry.says}</p>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
