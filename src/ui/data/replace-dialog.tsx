import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { Dialog } from '../controls/dialog.tsx';
import { addData, dataStore, openData } from './data-store.ts';
import { words } from './words.ts';

const replaceStore = createStore<{ files: readonly File[] | undefined }>(() => ({ files: undefined }));

/** Opens files, but asks first where edits would be lost. */
export function openOrAsk(files: readonly File[]): void {
  const { report } = dataStore.getState();
  if (report?.undo === undefined) void openData(files);
  else replaceStore.setState({ files });
}

export function ReplaceDialog() {
  const files = useStore(replaceStore, (s) => s.files);
  const name = useStore(dataStore, (s) => s.report?.name ?? '');
  if (!files) return null;
  const close = () => replaceStore.setState({ files: undefined });
  const w = words.replace;
  return (
    <Dialog title={w.title} onClose={close}>
      <p className="breaks">{w.body(name)}</p>
      <div className="line">
        <button
          type="button"
          className="button button-main"
          onClick={() => {
            close();
            void addData(files);
          }}
        >
          {w.add}
        </button>
        <button
          type="button"
          className="button"
          onClick={() => {
            close();
            void openData(files);
          }}
        >
          {w.instead}
        </button>
        <button type="button" className="button" onClick={close}>
          {words.row.cancel}
        </button>
      </div>
    </Dialog>
  );
}
