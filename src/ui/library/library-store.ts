// The adapters kept in this browser: the engine stores them, here is the list and what one can do with each.
import { createStore } from 'zustand/vanilla';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { showWritten } from './export-store.ts';
import { freeName } from './find-adapters.ts';
import { saveBytes } from './save-bytes.ts';
import { measureStorage } from './storage-store.ts';
import { words } from './words.ts';

interface LibraryState {
  readonly status: 'none' | 'listed' | 'failed';
  /** Newest first. */
  readonly adapters: readonly AdapterRecord[];
  /** Can be brought back; the last deleted first. */
  readonly deleted: readonly AdapterRecord[];
  /** The one that was deleted a moment ago: its undo stands in its place. */
  readonly justDeleted: AdapterRecord | undefined;
  readonly problem: string | undefined;
  readonly isImporting: boolean;
  readonly importProblem: string | undefined;
  /** Being packed into a zip. */
  readonly saving: string | undefined;
}

export const libraryStore = createStore<LibraryState>(() => ({
  status: 'none',
  adapters: [],
  deleted: [],
  justDeleted: undefined,
  problem: undefined,
  isImporting: false,
  importProblem: undefined,
  saving: undefined,
}));

export async function refreshLibrary(): Promise<void> {
  try {
    const [adapters, deleted] = await Promise.all([engine().library.listAdapters(), engine().library.listDeleted()]);
    const newestFirst = [...adapters].sort((a, b) => b.created.localeCompare(a.created));
    libraryStore.setState({ status: 'listed', adapters: newestFirst, deleted, problem: undefined });
  } catch (error) {
    libraryStore.setState({ status: 'failed', problem: sentence(error) });
  }
  void measureStorage();
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

/** Does something to the library, says so, and shows the list as it is then. */
async function change(work: () => Promise<void>, says: string): Promise<void> {
  try {
    await work();
    announce(says);
  } catch (error) {
    showTrouble(error);
  }
  await refreshLibrary();
}

export function renameAdapter(id: string, name: string): Promise<void> {
  return change(() => engine().library.renameAdapter(id, name), words.announceRenamed(name));
}

export function tagAdapter({ id, name }: AdapterRecord, tags: readonly string[]): Promise<void> {
  return change(() => engine().library.tagAdapter(id, tags), words.announceTagged(name));
}

export function duplicateAdapter({ id, name }: AdapterRecord): Promise<void> {
  const taken = libraryStore.getState().adapters.map((adapter) => adapter.name);
  const copy = freeName(words.copyOf(name), taken);
  return change(async () => void (await engine().library.duplicateAdapter(id, copy)), words.announceImported(copy));
}

export function deleteAdapter(adapter: AdapterRecord): Promise<void> {
  return change(async () => {
    await engine().library.deleteAdapter(adapter.id);
    libraryStore.setState({ justDeleted: adapter });
  }, words.announceDeleted(adapter.name));
}

export function restoreAdapter({ id, name }: AdapterRecord): Promise<void> {
  return change(async () => {
    await engine().library.restoreAdapter(id);
    libraryStore.setState({ justDeleted: undefined });
  }, words.announceRestored(name));
}

export function purgeDeleted(): Promise<void> {
  return change(async () => {
    await engine().library.purgeDeleted();
    libraryStore.setState({ justDeleted: undefined });
  }, words.announcePurged);
}

export async function saveAdapter(id: string): Promise<void> {
  libraryStore.setState({ saving: id });
  try {
    const { fileName, zip } = await engine().library.downloadAdapter(id);
    saveBytes(fileName, zip, 'application/zip');
    announce(words.announceSaved(fileName));
    showWritten({ id, format: 'peft', fileName, notices: [] });
  } catch (error) {
    showTrouble(error);
  }
  libraryStore.setState({ saving: undefined });
}
