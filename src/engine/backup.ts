// Everything that a person has made here, in one zip file, and back. Adapters are written and read one at a time, so that a
// library of gigabytes needs the memory of one of them. A backup may come from anyone: what it claims is checked against
// limits before it is unpacked and while it is, and only what is whole is added.
//
//   graft-backup.json            format, when, how many adapters
//   page.json                    the page's own notes: settings, talks, votes
//   adapters/<n>/<file>          the adapter's folder, to be used as it is
//   adapters/<n>/graft_record.json   what the library shows of it; written last

import {
  BlobReader,
  BlobWriter,
  type Entry,
  Uint8ArrayReader,
  Uint8ArrayWriter,
  ZipReader,
  ZipWriter,
} from '@zip.js/zip.js';
import * as v from 'valibot';
import type { AdapterStore } from '../storage/adapter-store.ts';
import { ToldSettings } from '../train/settings-schema.ts';
import type { AdapterRecord, OnProgress, Restored } from './protocol.ts';

const MANIFEST = 'graft-backup.json';
const PAGE = 'page.json';
const RECORD = 'graft_record.json';
const FORMAT = 1;

/** Some files for each of a few thousand adapters; a directory of millions is made to exhaust memory. */
const MAX_ENTRIES = 50_000;
/** The largest adapters come near (see zip-adapter.ts). */
const MAX_FILE_BYTES = 1024 ** 3;
/** Small files of JSON. */
const MAX_NOTE_BYTES = 32 * 1024 ** 2;
/** Weights compress less than 2; only bombs come near. */
const MAX_RATIO = 1000;
/** What an adapter's folder is made of: a plain name, no way out of the folder. */
const FILE_NAME = /^[\w.-]{1,128}$/;

/** No workers: this is one, and the page's policy would not let them start. */
const ZIP_OPTIONS = { useWebWorkers: false } as const;

const isoTime = v.pipe(v.string(), v.maxLength(40), v.isoTimestamp());
const text = v.pipe(v.string(), v.maxLength(1000));
const longText = v.pipe(v.string(), v.maxLength(100_000));
const number = v.union([
  v.number(),
  v.pipe(
    v.null(),
    v.transform(() => Number.NaN),
  ),
]);
const RecordSchema = v.object({
  id: v.pipe(v.string(), v.uuid()),
  name: text,
  created: isoTime,
  baseId: text,
  baseName: text,
  baseHash: text,
  baseQuant: v.optional(text),
  method: v.optional(text),
  rank: v.number(),
  alpha: v.number(),
  targets: v.pipe(v.array(text), v.maxLength(1000)),
  datasetName: text,
  steps: v.number(),
  finalLoss: number,
  validationLoss: v.optional(v.number()),
  bytes: v.number(),
  // An adapter is worth more than what is said of how it was made.
  recipe: v.fallback(v.optional(ToldSettings), undefined),
  curve: v.optional(v.pipe(v.array(number), v.maxLength(1000))),
  prompting: v.fallback(
    v.optional(v.object({ system: v.optional(longText), wording: v.optional(longText) })),
    undefined,
  ),
  tags: v.optional(v.pipe(v.array(text), v.maxLength(100))),
});

export async function writeBackup(
  store: AdapterStore<AdapterRecord>,
  page: Readonly<Record<string, string>>,
  onProgress: OnProgress,
): Promise<Blob> {
  const records = (await store.list()).filter(({ deleted }) => deleted === undefined);
  const out = new BlobWriter('application/zip');
  const zip = new ZipWriter(out, ZIP_OPTIONS);
  const add = (name: string, bytes: Uint8Array, level: number) =>
    zip.add(name, new Uint8ArrayReader(bytes), { level, dataDescriptor: false });
  const addJson = (name: string, value: unknown) => add(name, new TextEncoder().encode(JSON.stringify(value)), 9);
  await addJson(MANIFEST, { format: FORMAT, created: new Date().toISOString(), adapters: records.length });
  await addJson(PAGE, page);
  for (const [i, record] of records.entries()) {
    onProgress({ what: 'Writing the backup', done: i, total: records.length, unit: 'adapters' });
    // Noise does not compress.
    for (const [name, bytes] of await store.files(record.id))
      await add(`adapters/${i}/${name}`, bytes, name.endsWith('.safetensors') ? 0 : 9);
    await addJson(`adapters/${i}/${RECORD}`, record);
  }
  await zip.close();
  onProgress({ what: 'Writing the backup', done: records.length, total: records.length, unit: 'adapters' });
  return out.getData();
}

export async function readBackup(
  store: AdapterStore<AdapterRecord>,
  file: Blob & { readonly name: string },
  onProgress: OnProgress,
): Promise<Restored> {
  const bad = (found: string, need: string) =>
    new RangeError(`Cannot open backup "${file.name}": found ${found}, need ${need}`);
  const zip = new ZipReader(new BlobReader(file), ZIP_OPTIONS);
  try {
    const entries = await listEntries(zip, bad);
    const unpack = (entry: Entry | undefined, name: string, limit: number) => unpackEntry(entry, name, limit, bad);
    const json = async (name: string) => parseJson(await unpack(entries.get(name), name, MAX_NOTE_BYTES), name, bad);
    const manifest = await json(MANIFEST);
    if (!v.is(v.object({ format: v.literal(FORMAT) }), manifest))
      throw bad('another format', `a backup of this version (format ${FORMAT})`);
    const page = await json(PAGE);
    if (!v.is(v.record(v.string(), v.string()), page))
      throw bad(`notes in "${PAGE}" that are no texts`, 'texts by name');

    const folders = foldersOf(entries.keys(), bad);
    const have = new Set((await store.list()).filter(({ deleted }) => deleted === undefined).map(({ id }) => id));
    let adapters = 0;
    let done = 0;
    for (const [folder, names] of folders) {
      onProgress({ what: 'Reading the backup', done: done++, total: folders.size, unit: 'adapters' });
      const record = v.safeParse(RecordSchema, await json(`${folder}${RECORD}`));
      if (!record.success)
        throw bad(`"${folder}${RECORD}" with ${record.issues[0].message}`, 'what the library writes of an adapter');
      if (have.has(record.output.id)) continue;
      const files = new Map<string, Uint8Array>();
      for (const name of names)
        if (name !== RECORD) files.set(name, await unpack(entries.get(folder + name), folder + name, MAX_FILE_BYTES));
      for (const needed of [['adapter_config.json'], ['adapter_model.safetensors', 'adapter.safetensors']])
        if (!needed.some((name) => files.has(name))) throw bad(`no "${folder}${needed[0]}"`, 'a whole adapter');
      await store.save(record.output as AdapterRecord, files);
      have.add(record.output.id);
      adapters++;
    }
    return { adapters, known: folders.size - adapters, page };
  } finally {
    await zip.close();
  }
}

type Bad = (found: string, need: string) => RangeError;

/** The directory, by name; read lazily, so that one of millions ends at the limit. */
async function listEntries(zip: ZipReader<Blob>, bad: Bad): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.getEntriesGenerator()) {
      if (entries.size >= MAX_ENTRIES) throw bad(`more than ${MAX_ENTRIES} files`, 'fewer');
      if (entries.has(entry.filename)) throw bad(`"${entry.filename}" twice`, 'every file once');
      entries.set(entry.filename, entry);
    }
  } catch (error) {
    if (error instanceof RangeError && error.message.startsWith('Cannot open backup')) throw error;
    throw bad((error as Error).message, 'a zip file');
  }
  return entries;
}

/** Bytes of an entry; never more of them than it claims, nor than `limit`. */
async function unpackEntry(entry: Entry | undefined, name: string, limit: number, bad: Bad): Promise<Uint8Array> {
  if (entry === undefined || entry.directory) throw bad(`no "${name}"`, 'a backup that Graft has written');
  const { uncompressedSize, compressedSize, encrypted } = entry;
  if (encrypted) throw bad(`"${name}" encrypted`, 'a file without a password');
  if (uncompressedSize > limit) throw bad(`"${name}" of ${uncompressedSize} bytes`, `at most ${limit}`);
  if (uncompressedSize > MAX_RATIO * Math.max(1024, compressedSize))
    throw bad(`"${name}" packed more than ${MAX_RATIO} times`, 'less');
  try {
    const bytes = await entry.getData(new Uint8ArrayWriter(), { ...ZIP_OPTIONS, checkSignature: true });
    if (bytes.byteLength !== uncompressedSize) throw new Error(`${bytes.byteLength} bytes for ${uncompressedSize}`);
    return bytes;
  } catch (error) {
    throw bad(`"${name}" damaged (${(error as Error).message})`, 'a whole file');
  }
}

function parseJson(bytes: Uint8Array, name: string, bad: Bad): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw bad(`"${name}" with ${(error as Error).message}`, 'JSON');
  }
}

/** Adapter folders and the files in each. */
function foldersOf(names: Iterable<string>, bad: Bad): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const path of names) {
    const [, folder, name] = path.match(/^(adapters\/\d{1,6}\/)(.*)$/) ?? [];
    if (folder === undefined || name === '') continue;
    if (!FILE_NAME.test(name!)) throw bad(`"${path}"`, 'files with plain names');
    folders.set(folder, [...(folders.get(folder) ?? []), name!]);
  }
  return folders;
}
