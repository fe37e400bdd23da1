// The adapters kept in this browser: the engine stores them, here is the list and what one can do with each.
import { createStore } from 'zustand/vanilla';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { saveBytes } from './save-bytes.ts';
import { words } from './words.ts';

interface LibraryState {
  readonly status: 'none' | 'listed' | 'failed';
  /** Newest first. */
  readonly adapters: readonly AdapterRecord[];
  readonly problem: string | undefined;
  readonly isImporting: boolean;
  readonly importProblem: string | undefined;
  /** Being packed into a zip. */
  readonly saving: string | undefined;
}

export const libraryStore = createStore<LibraryState>(() => ({
  status: 'none',
  adapters: [],
  problem: undefined,
  isImporting: false,
  importProblem: undefined,
  saving: undefined,
}));

export async function refreshLibrary(): Promise<void> {
  try {
    const adapters = [...(await engine().library.listAdapters())].sort((a, b) => b.created.localeCompare(a.created));
    libraryStore.setState({ status: 'listed', adapters, problem: undefined });
  } catch (error) {
    libraryStore.setState({ status: 'failed', problem: sentence(error) });
  }
}

export async function importAdapter(files: readonly File[]): Promise<void> {
  libraryStore.setState({ isImporting: true, importProblem: undefined });
  try {
    const adapter = await engine().library.importAdapter(files);
    await refreshLibrary();
    announce(words.announceImported(adapter.name));
  } catch (error) {
    libraryStore.setState({ importProblem: sentence(error) });
  }
  libraryStore.setState({ isImporting: false });
}

export async function renameAdapter(id: string, name: string): Promise<void> {
  try {
    await engine().library.renameAdapter(id, name);
    announce(words.announceRenamed(name));
  } catch (error) {
    showTrouble(error);
  }
  await refreshLibrary();
}

export async function deleteAdapter({ id, name }: AdapterRecord): Promise<void> {
  try {
    await engine().library.deleteAdapter(id);
    announce(words.announceDeleted(name));
  } catch (error) {
    showTrouble(error);
  }
  await refreshLibrary();
}

export async function saveAdapter(id: string): Promise<void> {
  libraryStore.setState({ saving: id });
  try {
    const { fileName, zip } = await engine().library.downloadAdapter(id);
    saveBytes(fileName, zip, 'application/zip');
    announce(words.announceSaved(fileName));
  } catch (error) {
    showTrouble(error);
  }
  libraryStore.setState({ saving: undefined });
}
