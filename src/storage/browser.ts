// The browser's storage: adapters, past runs and the run that goes on, in IndexedDB (idb-keyval). Prepared models: browser-prepared.ts.

import { clear, del, delMany, entries, get, keys, set, setMany } from 'idb-keyval';
import type { PackedRows } from '../data/pack-rows.ts';
import type { TuningStore } from '../gpu/tuning.ts';
import type { AdapterStore, StoredRecord } from './adapter-store.ts';
import { openDatabase } from './open-database.ts';
import type { RunArchive } from './run-archive.ts';
import type { RunStore } from './run-store.ts';

/** Adapters in two object stores of two databases (idb-keyval keeps one store a database). */
export function openAdapterStore<R extends StoredRecord>(): AdapterStore<R> {
  const records = openDatabase({ name: 'graft-adapters', store: 'records', what: 'the library' });
  const folders = openDatabase({ name: 'graft-adapter-files', store: 'files', what: 'the files of the library' });
  return {
    // A damaged record is known by its key at least.
    list: async () => (await entries<string, R>(records)).map(([id, record]) => ({ ...record, id })),
    async files(id) {
      const files = await get<ReadonlyMap<string, Uint8Array>>(id, folders);
      if (files === undefined)
        throw new Error(`Cannot open adapter "${id}": found no files of it in this browser's storage`);
      return files;
    },
    async save(record, files) {
      await set(record.id, new Map(files), folders);
      await set(record.id, record, records);
    },
    update: (record) => set(record.id, record, records),
    async remove(id) {
      await del(id, records);
      await del(id, folders);
    },
  };
}

/** Records, curves and states in a database each; a state's key is its run's id and its step. */
export function openRunArchive<R extends { readonly id: string }, C>(): RunArchive<R, C> {
  const records = openDatabase({ name: 'graft-runs', store: 'records', what: 'the list of runs' });
  const curves = openDatabase({ name: 'graft-run-curves', store: 'curves', what: 'the curves of runs' });
  const states = openDatabase({ name: 'graft-run-states', store: 'states', what: 'the states of runs' });
  const at = (id: string, step: number) => `${id} ${step}`;
  return {
    list: async () => (await entries<string, R>(records)).map(([, record]) => record),
    record: (id) => get<R>(id, records),
    save: (record) => set(record.id, record, records),
    curves: (id) => get<C>(id, curves),
    saveCurves: (id, kept) => set(id, kept, curves),
    state: (id, step) => get<ReadonlyMap<string, Uint8Array>>(at(id, step), states),
    saveState: (id, step, files) => set(at(id, step), new Map(files), states),
    async remove(id) {
      const mine = (await keys<string>(states)).filter((key) => key.startsWith(`${id} `));
      await delMany(mine, states);
      await del(id, curves);
      await del(id, records);
    },
  };
}

/** What the GPU was measured to do best. */
export function openTuningStore(): TuningStore {
  const store = openDatabase({ name: 'graft-tunings', store: 'tunings', what: 'what was measured of this GPU' });
  return { load: (key) => get<string>(key, store), save: (key, text) => set(key, text, store) };
}

const RUN_LOCK = 'graft-run';

/** The place for the run that goes on: one, over all tabs. */
function openRunPlace(locks: LockManager) {
  const isTaken = async () => {
    const { held = [] } = await locks.query();
    return held.some(({ name, mode }) => name === RUN_LOCK && mode === 'exclusive');
  };
  const take = (options: LockOptions) =>
    new Promise<(() => void) | undefined>((resolve, reject) => {
      locks
        .request(RUN_LOCK, options, (lock) => {
          if (lock === null) resolve(undefined);
          else return new Promise<void>((release) => resolve(release));
        })
        .catch(reject);
    });
  return {
    isTaken,
    // Those who wait for the end of a run hold the lock together, for an instant: they are waited for.
    claim: async () => (await take({ ifAvailable: true })) ?? ((await isTaken()) ? undefined : take({})),
    freed: () => locks.request(RUN_LOCK, { mode: 'shared' }, () => {}),
  };
}

/**
 * The run that goes on. Checkpoints of an adapter take turns in two slots, and a commit says which is the newest: it is written
 * after its slot, so that the other slot is whole whatever happens in between.
 */
export function openRunStore<R>(locks?: LockManager): RunStore<R> {
  const place = () => openRunPlace(locks ?? navigator.locks);
  const store = openDatabase({ name: 'graft-run', store: 'run', what: 'the run that goes on' });
  return {
    checkpoints(place) {
      // The first has the names that a run of one has always had.
      const at = (name: string) => (place === 0 ? name : `${place} ${name}`);
      const newest = () => get<0 | 1>(at('commit'), store);
      return {
        async save(record) {
          const slot = (await newest()) === 0 ? 1 : 0;
          await set(at(`slot ${slot}`), record, store);
          await set(at('commit'), slot, store);
        },
        async *records() {
          const first = await newest();
          if (first === undefined) return;
          for (const slot of [first, 1 - first]) {
            const record = await get<Uint8Array>(at(`slot ${slot}`), store);
            if (record !== undefined) yield record;
          }
        },
        clear: () => delMany([at('commit'), at('slot 0'), at('slot 1')], store),
      };
    },
    update: (record) => set('run', record, store),
    clear: () => clear(store),
    claim: async () => place().claim(),
    freed: async () => place().freed(),
    async begin(record, rows) {
      await clear(store);
      await setMany(
        [
          ['run', record],
          ['rows', rows],
        ],
        store,
      );
    },
    interrupted: async () => ((await place().isTaken()) ? undefined : get<R>('run', store)),
    async rows() {
      const rows = await get<PackedRows>('rows', store);
      if (rows === undefined) throw new Error("Cannot go on: found no rows of the run in this browser's storage");
      return rows;
    },
  };
}

const EXPORTS = 'exports';

/**
 * Writes a file piece by piece into the origin's private file system and hands it out from there, so that it is never in memory
 * whole; into memory where there is none. The file before it goes.
 */
export async function writeExport(name: string, chunks: AsyncIterable<Uint8Array>): Promise<Blob> {
  // Absent in old browsers, refused in some private windows.
  const root = await navigator.storage?.getDirectory?.().catch(() => undefined);
  if (root === undefined) {
    const parts: BlobPart[] = [];
    for await (const chunk of chunks) parts.push(chunk.slice());
    return new Blob(parts);
  }
  await root.removeEntry(EXPORTS, { recursive: true }).catch(() => {});
  try {
    const folder = await root.getDirectoryHandle(EXPORTS, { create: true });
    const handle = await folder.getFileHandle(name, { create: true });
    await writeAll(handle, chunks);
    return await handle.getFile();
  } catch (error) {
    if ((error as Error).name === 'QuotaExceededError')
      throw new Error(`Cannot write "${name}": the storage that this browser gives to the page is full`);
    throw error;
  }
}

async function writeAll(handle: FileSystemFileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const stream = await handle.createWritable();
  try {
    for await (const chunk of chunks) await stream.write(chunk as Uint8Array<ArrayBuffer>);
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => {});
    throw error;
  }
}
