import { DropdownMenu } from 'radix-ui';
import { useStore } from 'zustand';
import type { AdapterRecord, ExportFormat } from '../../engine/protocol.ts';
import { Icon } from '../controls/icon.tsx';
import { Note } from '../controls/note.tsx';
import { ProgressLine } from '../controls/progress.tsx';
import { waysOut } from '../shell/ways-out.ts';
import { words as shellWords } from '../shell/words.ts';
import { exportAdapter, exportStore, showWritten } from './export-store.ts';
import './download-menu.css';
import { HowToUse } from './how-to-use.tsx';
import { isLora } from './is-lora.ts';
import { PushDialog } from './push-dialog.tsx';
import { openPush, pushStore } from './push-store.ts';
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

/** Every form that the adapter can be taken home in, one sentence each. */
export function DownloadMenu({ adapter }: { adapter: AdapterRecord }) {
  const isBusy = useStore(exportStore, (s) => s.id !== undefined);
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <button
          type="button"
          className="button button-icon download-more"
          disabled={isBusy}
          aria-label={words.of(words.formats.more, adapter.name)}
          title={words.formats.more}
        >
          <Icon name="down" />
        </button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={document.getElementById('main')}>
        <DropdownMenu.Content className="menu" align="start" sideOffset={6} collisionPadding={12}>
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

/** How far an export of this adapter is, how its last file is used, and its way to the Hub. */
export function ExportLine({ adapter }: { adapter: AdapterRecord }) {
  const isPushing = useStore(pushStore, (s) => s.id === adapter.id);
  const progress = useStore(exportStore, (s) => (s.id === adapter.id ? s.progress : undefined));
  return (
    <>
      {progress ? <ProgressLine progress={progress} /> : <HowToUse adapter={adapter} />}
      <NotWritten adapter={adapter} />
      {isPushing && <PushDialog adapter={adapter} />}
    </>
  );
}

/** Why there is no file, and what can be done. */
function NotWritten({ adapter }: { adapter: AdapterRecord }) {
  const failed = useStore(exportStore, (s) => (s.failed?.id === adapter.id ? s.failed : undefined));
  if (failed === undefined) return null;
  const { problem, format } = failed;
  const isFull = /storage .* is full/.test(problem);
  return (
    <Note
      title={words.formats.failed}
      ways={[
        { label: words.again, onClick: () => void exportAdapter(adapter, format) },
        ...waysOut(problem).filter(({ label }) => label !== shellWords.ways.library),
        { label: words.dismiss, onClick: () => showWritten(undefined) },
      ]}
    >
      {problem}. {isFull && words.formats.makeRoom}
    </Note>
  );
}
