// The browser's storage: adapters and the run that goes on in IndexedDB (idb-keyval), prepared models in OPFS.

import { clear, del, delMany, entries, get, keys, set, setMany } from 'idb-keyval';
import type { PackedRows } from '../data/pack-rows.ts';
import type { TuningStore } from '../gpu/tuning.ts';
import type { HalfRecord, PreparedRecord, PreparedStore, PreparedWriter } from '../model/prepared-store.ts';
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

const FOLDER = 'prepared-models';

/**
 * Prepared models as `<key>.bin` and its record `<key>.json` in the origin's private file system; the record of one that was
 * broken off is `<key>.half.json`.
 */
export function openPreparedStore(): PreparedStore {
  const isHere = () => navigator.storage?.getDirectory !== undefined;
  const folder = async () => (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  const drop = async (key: string) => {
    const dir = await folder();
    for (const name of [`${key}.json`, `${key}.half.json`, `${key}.bin`]) await dir.removeEntry(name).catch(() => {});
  };
  /** A copy and its record, when the copy has the bytes that the record speaks of. */
  const find = async <R extends PreparedRecord>(key: string, name: string) => {
    if (!isHere()) return undefined;
    const dir = await folder();
    const handle = await dir.getFileHandle(name).catch(() => undefined);
    if (handle === undefined) return undefined;
    const record = JSON.parse(await (await handle.getFile()).text()) as R;
    const file = await (await dir.getFileHandle(`${key}.bin`)).getFile();
    const read = async (offset: number, length: number) =>
      new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
    return { dir, record, file: { name: key, size: file.size, read } };
  };
  const write = async (dir: FileSystemDirectoryHandle, name: string, record: PreparedRecord) => {
    const out = await (await dir.getFileHandle(name, { create: true })).createWritable();
    await out.write(JSON.stringify(record));
    await out.close();
  };
  const writer = (
    key: string,
    dir: FileSystemDirectoryHandle,
    stream: FileSystemWritableFileStream,
  ): PreparedWriter => {
    const settle = async (name: string, record: PreparedRecord) => {
      try {
        await stream.close();
        await write(dir, name, record);
      } catch (error) {
        await drop(key);
        throw error;
      }
    };
    return {
      append: (bytes) => stream.write(bytes as Uint8Array<ArrayBuffer>),
      commit: (record) => settle(`${key}.json`, record),
      suspend: (record) => settle(`${key}.half.json`, record),
      async abort() {
        await stream.abort().catch(() => {});
        await drop(key);
      },
    };
  };
  return {
    async open(key) {
      const found = await find<PreparedRecord>(key, `${key}.json`);
      return found?.file.size === found?.record.bytes ? found : undefined;
    },
    async openHalf(key) {
      const found = await find<HalfRecord>(key, `${key}.half.json`);
      if (found === undefined || found.file.size < found.record.bytes) return undefined;
      const { dir, record } = found;
      const goOn = async () => {
        const handle = await dir.getFileHandle(`${key}.bin`);
        const stream = await handle.createWritable({ keepExistingData: true });
        await dir.removeEntry(`${key}.half.json`);
        await stream.truncate(record.bytes);
        await stream.seek(record.bytes);
        return writer(key, dir, stream);
      };
      return { ...found, goOn };
    },
    async create(key) {
      if (!isHere()) return undefined;
      await drop(key);
      const dir = await folder();
      return writer(key, dir, await (await dir.getFileHandle(`${key}.bin`, { create: true })).createWritable());
    },
    remove: drop,
    async measure() {
      let [models, bytes] = [0, 0];
      const dir = isHere() ? await folder().catch(() => undefined) : undefined;
      for await (const [name, handle] of dir?.entries() ?? []) {
        if (name.endsWith('.json')) models++;
        if (handle instanceof FileSystemFileHandle) bytes += (await handle.getFile()).size;
      }
      return { models, bytes };
    },
    async clear() {
      if (!isHere()) return;
      const dir = await navigator.storage.getDirectory();
      await dir.removeEntry(FOLDER, { recursive: true }).catch((error: DOMException) => {
        if (error.name !== 'NotFoundError') throw error;
      });
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
