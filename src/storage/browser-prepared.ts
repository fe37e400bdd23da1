// Prepared models in the browser: files of the origin's private file system.

import type { HalfRecord, PreparedRecord, PreparedStore, PreparedWriter } from '../model/prepared-store.ts';

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
