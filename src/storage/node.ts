// Node's side of storage: model and dataset files, PEFT folders written whole or not at all, and a run's checkpoints in folders.
// Prepared models: prepared-folder.node.ts.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { DataFile } from '../data/types.ts';
import type { TuningStore } from '../gpu/tuning.ts';
import type { ModelFile } from '../model/model-file.ts';
import type { StreamedFile } from '../model/streamed-file.ts';
import type { CheckpointStore } from '../train/checkpoint.ts';
import { unreadable } from './unreadable.node.ts';

/** Opens a file to read it, for as long as `use` takes. Throws `Cannot read "file": found …, need …`. */
async function whileOpen<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    const handle = await open(file, 'r');
    return await use(handle).finally(() => handle.close());
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** A file read in ranges; opened and closed at each read, so that nothing stays open. */
export async function openModelFile(file: string): Promise<ModelFile> {
  const { size } = await stat(file).catch((error) => {
    throw unreadable(file, error);
  });
  return {
    name: path.basename(file),
    size,
    async read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > size)
        throw new RangeError(
          `Cannot read bytes ${offset} to ${offset + length} of "${path.basename(file)}": found ${size} bytes, need all of them`,
        );
      return whileOpen(file, async (handle) => {
        const bytes = new Uint8Array(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0)
            throw new RangeError(`Cannot read "${path.basename(file)}": found its end at byte ${offset + done}`);
          done += bytesRead;
        }
        return bytes;
      });
    },
  };
}

/** True for a path that names one file with a whole model in it. */
export function isModelFile(file: string): boolean {
  return /\.gguf$/i.test(file);
}

/** All files of a folder (not of its subfolders), or one .gguf file. Throws a sentence that names a missing folder. */
export async function openModelFiles(folder: string): Promise<ModelFile[]> {
  if (isModelFile(folder) && (await stat(folder).catch(() => undefined))?.isFile())
    return [await openModelFile(folder)];
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      `Cannot open "${folder}": ${error.code === 'ENOENT' ? 'found nothing there' : error.code === 'ENOTDIR' ? 'found a file' : error.message}, need a folder`,
    );
  });
  const files = entries.filter((e) => !e.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1));
  return Promise.all(files.map((e) => openModelFile(path.join(folder, e.name))));
}

/** Throws `Cannot read "file": found …, need …` at once for what cannot be read, and later for what no longer can. */
export async function openDataFile(file: string): Promise<DataFile> {
  const info = await whileOpen(file, (handle) => handle.stat());
  if (info.isDirectory()) throw new Error(`Cannot read "${file}": found a folder, need a file`);
  return {
    name: path.basename(file),
    size: info.size,
    stream: () => Readable.toWeb(Readable.from(readChunks(file))) as ReadableStream<Uint8Array>,
    slice: (start, end) => ({ arrayBuffer: () => readRange(file, start, end) }),
  };
}

async function* readChunks(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function readRange(file: string, start: number, end: number): Promise<ArrayBuffer> {
  return whileOpen(file, async (handle) => {
    const bytes = new Uint8Array(end - start);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    return bytes.buffer.slice(0, bytesRead);
  });
}

/**
 * Writes a folder's files so that a crash leaves the old ones or the new ones, never half of one: all are written beside
 * their places and synced before the first is renamed.
 */
export async function writeFolder(
  folder: string,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const staged = files.map((f) => ({ ...f, temporary: path.join(folder, `.${f.name}.${process.pid}.part`) }));
  try {
    for (const { temporary, bytes } of staged) await writeSynced(temporary, bytes);
    for (const { name, temporary } of staged) await rename(temporary, path.join(folder, name));
  } catch (error) {
    for (const { temporary } of staged) await rm(temporary, { force: true });
    throw new Error(`Cannot write "${folder}": ${(error as Error).message}`);
  }
}

/**
 * As writeFolder, of files that are made while they are written: bounded memory, old files or new ones, never half of one.
 * Names may carry folders ("rows/train.jsonl"). `onBytes`: so many bytes of all are on the disk.
 */
export async function writeStreams(
  folder: string,
  files: readonly StreamedFile[],
  onBytes: (done: number, total: number) => void = () => {},
): Promise<void> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const staged = files.map((file) => {
    const place = path.join(folder, file.name);
    return { file, place, temporary: path.join(path.dirname(place), `.${path.basename(place)}.${process.pid}.part`) };
  });
  try {
    for (const { place } of staged) await mkdir(path.dirname(place), { recursive: true });
    for (const { file, temporary } of staged) {
      const handle = await open(temporary, 'w');
      try {
        for await (const chunk of file.chunks()) {
          await handle.writeFile(chunk);
          done += chunk.length;
          onBytes(done, total);
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    for (const { place, temporary } of staged) await rename(temporary, place);
  } catch (error) {
    for (const { temporary } of staged) await rm(temporary, { force: true });
    const { message } = error as Error;
    throw message.startsWith('Cannot') ? error : new Error(`Cannot write "${folder}": ${message}`);
  }
}

/** Resolves when the bytes are on the disk. */
async function writeSynced(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Checkpoints that a folder keeps: the newest, and the one before it in case a disk loses the newest. */
const KEPT_CHECKPOINTS = 2;

/**
 * A run's checkpoints as numbered files. A record is written beside its place, synced and renamed; only then the oldest
 * goes. Reading makes no folder.
 */
export function openCheckpointFolder(folder: string): CheckpointStore {
  const names = () =>
    readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  const numbers = async () =>
    (await names())
      .map((name) => /^(\d{1,15})\.checkpoint$/.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => b - a);
  const at = (number: number) => path.join(folder, `${String(number).padStart(6, '0')}.checkpoint`);
  return {
    async save(record) {
      await mkdir(folder, { recursive: true });
      const kept = await numbers();
      const next = (kept[0] ?? 0) + 1;
      const temporary = path.join(folder, `${next}.part`);
      try {
        await writeSynced(temporary, record);
        await rename(temporary, at(next));
      } catch (error) {
        // Half a record on a full disk would only keep others from being written.
        await rm(temporary, { force: true });
        throw error;
      }
      await syncFolder(folder);
      for (const old of kept.slice(KEPT_CHECKPOINTS - 1)) await rm(at(old), { force: true });
    },
    async *records() {
      for (const number of await numbers()) yield await readFile(at(number));
    },
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Makes a rename last through a power cut. Windows cannot open folders, and keeps renames in its journal. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

/** What GPUs were measured to do best, one small file each. */
export function openTuningFolder(folder: string): TuningStore {
  const at = (key: string) => path.join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  return {
    load: (key) => readFile(at(key), 'utf8').catch(() => undefined),
    async save(key, text) {
      await mkdir(folder, { recursive: true });
      const temporary = `${at(key)}.${process.pid}.part`;
      await writeFile(temporary, text);
      await rename(temporary, at(key));
    },
  };
}
