// A backup of everything to one file, and back.
import { createStore } from 'zustand/vanilla';
import type { Progress } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { keepEntries, keptEntries } from '../keep.ts';
import { announce } from '../shell/trouble-store.ts';
import { libraryStore, refreshLibrary } from './library-store.ts';
import { saveBlob } from './save-bytes.ts';
import { measureStorage } from './storage-store.ts';
import { words } from './words.ts';

export const backupStore = createStore<{
  doing: 'nothing' | 'writing' | 'reading';
  progress: Progress | undefined;
  problem: string | undefined;
  /** What the last one has brought, in words. */
  outcome: string | undefined;
}>(() => ({ doing: 'nothing', progress: undefined, problem: undefined, outcome: undefined }));

const onProgress = (progress: Progress) => {
  if (backupStore.getState().doing !== 'nothing') backupStore.setState({ progress });
};

async function during(doing: 'writing' | 'reading', work: () => Promise<string>): Promise<void> {
  if (backupStore.getState().doing !== 'nothing') return;
  backupStore.setState({ doing, progress: undefined, problem: undefined, outcome: undefined });
  try {
    const outcome = await work();
    backupStore.setState({ outcome });
    announce(outcome);
  } catch (error) {
    backupStore.setState({ problem: sentence(error) });
  }
  backupStore.setState({ doing: 'nothing', progress: undefined });
  await measureStorage();
}

export function writeBackup(): Promise<void> {
  return during('writing', async () => {
    const file = await engine().library.backup(keptEntries(), onProgress);
    const name = `graft-backup-${new Date().toISOString().slice(0, 10)}.zip`;
    saveBlob(name, file);
    return words.backup.written(name);
  });
}

/**
 * Adapters are added. Settings, talks and votes are taken whole into an empty library, and else where there are none yet; they
 * show at the next visit.
 */
export function readBackup(file: File): Promise<void> {
  return during('reading', async () => {
    const isEmpty = libraryStore.getState().adapters.length === 0;
    const { adapters, known, page } = await engine().library.restoreBackup(file, onProgress);
    await refreshLibrary();
    keepEntries(page, isEmpty);
    return words.backup.read(adapters, known);
  });
}
