import { useId, useRef } from 'react';
import { findEntry } from './find-entry.ts';
import { words } from './words.ts';

/** Room kept between the sentence and the edges of the window. */
const MARGIN = 12;

/** A small question mark beside a word; nothing where the glossary does not know it. */
export function What({ names }: { names: readonly (string | undefined)[] }) {
  const entry = findEntry(...names);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  if (!entry) return null;
  const title = entry.names[0]!;

  /** Below its word, or above where there is no room; the browser closes it and gives the focus back. */
  function show(says: HTMLElement) {
    const { left, top, bottom } = button.current!.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = says;
    const fits = bottom + 6 + height + MARGIN <= innerHeight;
    says.style.left = `${Math.max(MARGIN, Math.min(left - 12, innerWidth - width - MARGIN))}px`;
    says.style.top = `${Math.max(MARGIN, fits ? bottom + 6 : top - 6 - height)}px`;
    says.focus();
  }

  return (
    <>
      <button ref={button} type="button" className="what" popoverTarget={id} aria-label={words.whatIs(title)}>
        <span aria-hidden="true">?</span>
      </button>
      <div
        id={id}
        popover="auto"
        role="dialog"
        className="what-says"
        tabIndex={-1}
        aria-label={title}
        onToggle={(event) => event.newState === 'open' && show(event.currentTarget)}
      >
        <p>
          <b>{title}</b>
        </p>
        <p>{entry.says}</p>
      </div>
    </>
  );
}
