// An adapter's folder as one zip file, and back. Zips come from strangers: only the entries an adapter consists of are
// unpacked, within limits that are checked before anything is allocated.

import { unzipSync, type ZippableFile, zipSync } from 'fflate';
import { baseName, fileFromBytes, type ModelFile } from '../../model/model-file.ts';
import type { FileBytes } from './peft.ts';

/** What an adapter consists of (PEFT's, mlx-lm's, AdapterHub's). */
const PARTS = [
  'adapter_config.json',
  'adapter_model.safetensors',
  'adapters.safetensors',
  'adapter_model.bin',
  'adapter.safetensors',
  'pytorch_adapter.bin',
  'README.md',
  'graft_receipt.json',
];

/** A folder of an adapter has a handful; stops directories made to exhaust memory. */
const MAX_ENTRIES = 10_000;
/** The largest adapters (rank 256 on 8 billion parameters, f16) come near; more does not fit into a tab beside a model. */
const MAX_UNPACKED_BYTES = 1024 ** 3;
/** Deflate cannot exceed 1032, and weights compress less than 2; only long runs of zeros, and bombs, come near. */
const MAX_RATIO = 1000;

interface Entry {
  readonly name: string;
  readonly size: number;
  readonly originalSize: number;
}

/** The same files always give the same bytes. Weights are stored, since noise does not compress. */
export function zipAdapter(files: readonly FileBytes[], folder?: string): Uint8Array {
  const entries = files.map(({ name, bytes }): [string, ZippableFile] => {
    const level = name.endsWith('.safetensors') ? 0 : 9;
    // The earliest date that a zip can hold; a real one would tell when the adapter was downloaded.
    return [folder === undefined ? name : `${folder}/${name}`, [bytes, { level, mtime: new Date(1980, 0, 1) }]];
  });
  return zipSync(Object.fromEntries(entries));
}

/** The adapter's files of a zip, by their base names. Throws a RangeError when a limit is exceeded. */
export function unzipAdapter(zip: Uint8Array, zipName = 'adapter.zip'): ModelFile[] {
  const bad = (found: string, need: string) => new RangeError(`Cannot open "${zipName}": found ${found}, need ${need}`);
  const entries: Entry[] = [];
  unzip(zip, zipName, (entry) => {
    entries.push(entry);
    if (entries.length > MAX_ENTRIES) throw bad(`more than ${MAX_ENTRIES} entries`, 'an adapter folder');
    return false;
  });
  for (const { name } of entries) {
    if (/^[/\\]|^[A-Za-z]:|\\|(^|\/)\.\.(\/|$)/.test(name)) throw bad(`the path "${name}"`, 'paths inside the folder');
  }
  const gguf = loneGguf(entries);
  const folder = gguf === undefined ? adapterFolder(entries, bad) : undefined;
  const parts = entries.filter(({ name }) => name === gguf || PARTS.some((part) => name === `${folder}${part}`));
  if (new Set(parts.map(({ name }) => name)).size < parts.length)
    throw bad('two entries of one name', 'each name once');
  const total = parts.reduce((sum, entry) => sum + entry.originalSize, 0);
  if (total > MAX_UNPACKED_BYTES) throw bad(`${total} bytes unpacked`, `at most ${MAX_UNPACKED_BYTES}`);
  const cut = parts.find((entry) => entry.size > zip.length);
  if (cut) throw bad(`"${cut.name}" of ${cut.size} bytes in a zip of ${zip.length}`, 'a complete file');
  const bomb = parts.find((entry) => entry.originalSize > MAX_RATIO * Math.max(1, entry.size));
  if (bomb) throw bad(`"${bomb.name}" packed more than ${MAX_RATIO} to 1`, 'an adapter');
  const names = new Set(parts.map(({ name }) => name));
  const unpacked = unzip(zip, zipName, (entry) => names.has(entry.name));
  return Object.entries(unpacked).map(([name, bytes]) => fileFromBytes(baseName(name), bytes));
}

/** llama.cpp's adapter, one file, where the zip holds no adapter_config.json. */
function loneGguf(entries: readonly Entry[]): string | undefined {
  const names = entries.map(({ name }) => name);
  if (names.some((name) => baseName(name) === 'adapter_config.json')) return undefined;
  const ggufs = names.filter((name) => /\.gguf$/i.test(name));
  return ggufs.length === 1 ? ggufs[0] : undefined;
}

/** The folder, with its slash, of the adapter_config.json nearest to the top. */
function adapterFolder(entries: readonly Entry[], bad: (found: string, need: string) => RangeError): string {
  const depth = (name: string) => name.split('/').length;
  const configs = entries.map(({ name }) => name).filter((name) => baseName(name) === 'adapter_config.json');
  const [first, second] = configs.sort((a, b) => depth(a) - depth(b));
  if (first === undefined) throw bad('no "adapter_config.json"', 'an adapter: a PEFT or MLX folder, or one .gguf file');
  if (second !== undefined && depth(first) === depth(second)) throw bad(`"${first}" and "${second}"`, 'one adapter');
  return first.slice(0, first.lastIndexOf('/') + 1);
}

function unzip(zip: Uint8Array, zipName: string, filter: (entry: Entry) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(zip, { filter });
  } catch (error) {
    if (error instanceof RangeError && error.message.startsWith('Cannot open')) throw error;
    throw new SyntaxError(`Cannot open "${zipName}": found ${(error as Error).message}, need a zip file`);
  }
}
