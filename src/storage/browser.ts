// The browser's storage: adapters in IndexedDB (idb-keyval), prepared models in OPFS.

import { createStore, del, entries, get, set } from 'idb-keyval';
import type { PreparedRecord, PreparedStore } from '../model/prepared-store.ts';
import type { AdapterStore, StoredRecord } from './adapter-store.ts';

/** Adapters in two object stores of two databases (idb-keyval keeps one store a database). */
export function openAdapterStore<R extends StoredRecord>(): AdapterStore<R> {
  const records = createStore('graft-adapters', 'records');
  const folders = createStore('graft-adapter-files', 'files');
  return {
    list: async () => (await entries<string, R>(records)).map(([, record]) => record),
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

const FOLDER = 'prepared-models';

/** Prepared models as `<key>.bin` and its commit record `<key>.json` in the origin's private file system. */
export function openPreparedStore(): PreparedStore {
  const folder = async () => (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  const drop = async (key: string) => {
    const dir = await folder();
    for (const name of [`${key}.json`, `${key}.bin`]) await dir.removeEntry(name).catch(() => {});
  };
  return {
    async open(key) {
      if (!('storage' in navigator) || navigator.storage.getDirectory === undefined) return undefined;
      const dir = await folder();
      const handle = await dir.getFileHandle(`${key}.json`).catch(() => undefined);
      if (handle === undefined) return undefined;
      const record = JSON.parse(await (await handle.getFile()).text()) as PreparedRecord;
      const file = await (await dir.getFileHandle(`${key}.bin`)).getFile();
      if (file.size !== record.bytes) return undefined;
      const read = async (offset: number, length: number) =>
        new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
      return { file: { name: key, size: file.size, read }, record };
    },
    async create(key) {
      if (!('storage' in navigator) || navigator.storage.getDirectory === undefined) return undefined;
      await drop(key);
      const dir = await folder();
      const stream = await (await dir.getFileHandle(`${key}.bin`, { create: true })).createWritable();
      return {
        append: (bytes) => stream.write(bytes as Uint8Array<ArrayBuffer>),
        async commit(record) {
          await stream.close();
          const out = await (await dir.getFileHandle(`${key}.json`, { create: true })).createWritable();
          await out.write(JSON.stringify(record));
          await out.close();
        },
        async abort() {
          await stream.abort().catch(() => {});
          await drop(key);
        },
      };
    },
    remove: drop,
  };
}
