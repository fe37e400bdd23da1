// Prepared models on disk, for Node.

import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { HalfRecord, PreparedRecord, PreparedStore, PreparedWriter } from '../model/prepared-store.ts';
import { openModelFile } from './node.ts';

/**
 * Prepared models in a folder of the user's cache directory: `<key>.bin` and its record `<key>.json`; `<key>.half` and
 * `<key>.half.json` of one that was broken off; `*.part` while it is written.
 */
export function openPreparedFolder(folder: string): PreparedStore {
  const at = (key: string, kind: string) => path.join(folder, `${key}.${kind}`);
  const drop = async (key: string, ...kinds: readonly string[]) => {
    for (const kind of kinds) await rm(at(key, kind), { force: true });
  };
  const record = async <R>(file: string) => {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as R);
  };
  const writer = (key: string, temporary: string, handle: FileHandle, begin: number): PreparedWriter => {
    let end = begin;
    /** Moves the file to its place; the record that counts comes last. */
    const settle = async (kind: string, kept: PreparedRecord) => {
      const names = [kind === 'bin' ? 'json' : `${kind}.json`, kind];
      try {
        await handle.close();
        await rename(temporary, at(key, kind));
        await writeFile(at(key, `${names[0]}.part`), JSON.stringify(kept));
        await rename(at(key, `${names[0]}.part`), at(key, names[0]!));
      } catch (error) {
        await rm(temporary, { force: true });
        await drop(key, `${names[0]}.part`, ...names).catch(() => {});
        throw error;
      }
    };
    return {
      async append(bytes) {
        await handle.write(bytes, 0, bytes.byteLength, end);
        end += bytes.byteLength;
      },
      commit: (kept) => settle('bin', kept),
      suspend: (kept) => settle('half', kept),
      async abort() {
        await handle.close().catch(() => {});
        await rm(temporary, { force: true });
      },
    };
  };
  return {
    async open(key) {
      const kept = await record<PreparedRecord>(at(key, 'json'));
      if (kept === undefined) return undefined;
      const file = await openModelFile(at(key, 'bin'));
      return file.size === kept.bytes ? { file, record: kept } : undefined;
    },
    async openHalf(key) {
      const kept = await record<HalfRecord>(at(key, 'half.json'));
      if (kept === undefined) return undefined;
      const goOn = async () => {
        const temporary = at(key, `${process.pid}.part`);
        await drop(key, 'half.json');
        await rename(at(key, 'half'), temporary);
        const handle = await open(temporary, 'r+');
        await handle.truncate(kept.bytes);
        return writer(key, temporary, handle, kept.bytes);
      };
      return { file: await openModelFile(at(key, 'half')), record: kept, goOn };
    },
    async create(key) {
      await mkdir(folder, { recursive: true });
      await drop(key, 'half.json', 'half');
      const temporary = at(key, `${process.pid}.part`);
      return writer(key, temporary, await open(temporary, 'w'), 0);
    },
    remove: (key) => drop(key, 'json', 'bin', 'half.json', 'half'),
    async measure() {
      const names = await readdir(folder).catch(() => []);
      const sizes = await Promise.all(names.map((name) => stat(path.join(folder, name)).catch(() => undefined)));
      return {
        models: names.filter((name) => name.endsWith('.bin') || name.endsWith('.half')).length,
        bytes: sizes.reduce((n, info) => n + (info?.size ?? 0), 0),
      };
    },
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}
