// The adapter that is being written for another program: one at a time, with how far it is and what was written in the end.
import { createStore } from 'zustand/vanilla';
import type { AdapterRecord, ExportFormat, Progress } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { announce } from '../shell/trouble-store.ts';
import { saveBlob } from './save-bytes.ts';
import { words } from './words.ts';

export interface LastWritten {
  /** Of the adapter. */
  readonly id: string;
  readonly format: ExportFormat;
  readonly fileName: string;
  /** What a user has to know. */
  readonly notices: readonly string[];
}

interface ExportState {
  /** Of the adapter. */
  readonly id: string | undefined;
  readonly progress: Progress | undefined;
  /** What the last export has ended with, if not with a file. */
  readonly failed: { readonly id: string; readonly format: ExportFormat; readonly problem: string } | undefined;
  /** The last file that was downloaded: the page says how to use it. */
  readonly written: LastWritten | undefined;
}

export const exportStore = createStore<ExportState>(() => ({
  id: undefined,
  progress: undefined,
  failed: undefined,
  written: undefined,
}));

export const showWritten = (written: LastWritten | undefined) => exportStore.setState({ written, failed: undefined });

export async function exportAdapter({ id }: AdapterRecord, format: ExportFormat): Promise<void> {
  if (exportStore.getState().id !== undefined) return;
  exportStore.setState({ id, progress: undefined, failed: undefined, written: undefined });
  try {
    const onProgress = (progress: Progress) => {
      exportStore.setState({ progress: { ...progress, what: words.formats.writing } });
    };
    const { fileName, file, notices } = await engine().library.exportAdapter(id, format, onProgress);
    saveBlob(fileName, file);
    announce(words.announceSaved(fileName));
    showWritten({ id, format, fileName, notices });
  } catch (error) {
    exportStore.setState({ failed: { id, format, problem: sentence(error) } });
  }
  exportStore.setState({ id: undefined, progress: undefined });
}
