import { DropdownMenu } from 'radix-ui';
import { type FocusEvent, useRef } from 'react';
import type { AdapterRecord, ExportFormat } from '../../engine/protocol.ts';
import { exportAdapter } from './export-store.ts';
import { FormatsTrigger } from './formats-button.tsx';
import { isLora } from './is-lora.ts';
import { openPush } from './push-store.ts';
import { words } from './words.ts';

/** First what is the adapter alone, then what has the base in it. */
const GROUPS: readonly (readonly ExportFormat[])[] = [
  ['peft', 'gguf', 'mlx'],
  ['ollama', 'merged-gguf', 'merged-safetensors'],
  ['cluster'],
];

/** What the other methods can be written as. */
const OF_OTHERS: Readonly<Record<string, readonly ExportFormat[]>> = {
  'IA³': ['peft', 'ollama', 'merged-gguf', 'merged-safetensors'],
};

function groupsFor(adapter: AdapterRecord): readonly (readonly ExportFormat[])[] {
  if (isLora(adapter)) return GROUPS;
  const possible = OF_OTHERS[adapter.method!] ?? ['peft'];
  return GROUPS.map((group) => group.filter((format) => possible.includes(format))).filter(({ length }) => length > 0);
}

/** One sentence for each form. Comes open: someone has just asked for it, and who did so by keyboard stands on the first. */
export function FormatsMenu({ adapter, byKeyboard }: { adapter: AdapterRecord; byKeyboard: boolean }) {
  const isNew = useRef(byKeyboard);
  function toFirst({ target, currentTarget }: FocusEvent) {
    if (!isNew.current || target !== currentTarget) return;
    isNew.current = false;
    currentTarget.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
  }
  return (
    <DropdownMenu.Root modal={false} defaultOpen>
      <DropdownMenu.Trigger asChild>
        <FormatsTrigger adapter={adapter} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={document.getElementById('main')}>
        <DropdownMenu.Content onFocus={toFirst} className="menu" align="start" sideOffset={6} collisionPadding={12}>
          {groupsFor(adapter).map((group) => (
            <DropdownMenu.Group key={group[0]} className="menu-group">
              {group.map((format) => (
                <DropdownMenu.Item
                  key={format}
                  className="menu-item"
                  onSelect={() => void exportAdapter(adapter, format)}
                >
                  <b>{words.formats[format].name}</b>
                  <span className="soft small">{words.formats[format].what}</span>
                </DropdownMenu.Item>
              ))}
            </DropdownMenu.Group>
          ))}
          {!isLora(adapter) && <p className="menu-note soft small">{words.formats.loraOnly(adapter.method!)}</p>}
          <DropdownMenu.Group className="menu-group">
            <DropdownMenu.Item className="menu-item" onSelect={() => openPush(adapter)}>
              <b>{words.push.item.name}</b>
              <span className="soft small">{words.push.item.what}</span>
            </DropdownMenu.Item>
          </DropdownMenu.Group>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
