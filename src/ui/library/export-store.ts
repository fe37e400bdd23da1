// The adapter that is being written for another program: one at a time, with how far it is and what it said in the end.
import { createStore } from 'zustand/vanilla';
import type { AdapterRecord, ExportFormat, Progress } from '../../engine/protocol.ts';
import { engine } from '../engine.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { saveBlob } from './save-bytes.ts';
import { words } from './words.ts';

interface ExportState {
  /** Of the adapter. */
  readonly id: string | undefined;
  readonly progress: Progress | undefined;
  /** What the last export had to say, by adapter. */
  readonly notices: { readonly id: string; readonly fileName: string; readonly texts: readonly string[] } | undefined;
}

export const exportStore = createStore<ExportState>(() => ({ id: undefined, progress: undefined, notices: undefined }));

export async function exportAdapter({ id }: AdapterRecord, format: ExportFormat): Promise<void> {
  if (exportStore.getState().id !== undefined) return;
  exportStore.setState({ id, progress: undefined, notices: undefined });
  try {
    const onProgress = (progress: Progress) => {
      exportStore.setState({ progress: { ...progress, what: words.formats.writing } });
    };
    const { fileName, file, notices } = await engine().library.exportAdapter(id, format, onProgress);
    saveBlob(fileName, file);
    announce(words.announceSaved(fileName));
    if (notices.length > 0) exportStore.setState({ notices: { id, fileName, texts: notices } });
  } catch (error) {
    showTrouble(error);
  }
  exportStore.setState({ id: undefined, progress: undefined });
}
