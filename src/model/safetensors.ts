// Safetensors: 8 bytes little-endian N, N bytes of JSON, then the tensors' bytes without holes.
// Reads headers only, by range; read-tensor.ts reads values. Headers come from strangers: each claim is checked
// against the file's size before anything is allocated. The rules are those of the format's reference reader.

import type { BlockName } from './gguf/block-types.ts';
import { isObject, type ModelFile } from './model-file.ts';
import type { DoubleScales } from './nf4.ts';
import type { StreamedFile } from './streamed-file.ts';

/** Bits an element, in the reference implementation's order, which is also its order of writing (last first). */
const DTYPE_BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;
const DTYPE_ORDER = Object.keys(DTYPE_BITS);

export type Dtype = keyof typeof DTYPE_BITS;

/** The scales of a matrix that bitsandbytes has stored in NF4 (bitsandbytes.ts). */
export interface Nf4Source {
  /** Of rows [rowBegin, rowEnd). */
  scales(rowBegin: number, rowEnd: number): Promise<Float32Array>;
  /** The scales as they are stored, when they are quantised themselves. */
  readonly double: (() => Promise<DoubleScales>) | undefined;
  /** Where they lie. */
  readonly parts: readonly TensorInfo[];
}

/** One tensor of a file; its bytes are [begin, end) of `file`, counted from the file's start. */
export interface TensorInfo {
  readonly name: string;
  /** A type of safetensors or, in a GGUF file, one of its block types; NF4 has its scales in `nf4`. */
  readonly dtype: Dtype | BlockName | 'NF4';
  readonly shape: readonly number[];
  readonly file: ModelFile;
  readonly begin: number;
  readonly end: number;
  /** Which row of the file is row `row`, where a format keeps rows in another order; absent: the same. */
  readonly storedRow?: (row: number) => number;
  /** Numbers and orientation are those of the forward pass, even where Hugging Face's files of the family are otherwise. */
  readonly asUsed?: boolean;
  readonly nf4?: Nf4Source;
}

export interface SafetensorsHeader {
  readonly tensors: readonly (TensorInfo & { readonly dtype: Dtype })[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** What `writeSafetensors` takes: little-endian bytes, row-major. */
export interface TensorBytes {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** The reference reader's limit; it stops a wrong first 8 bytes from becoming a huge allocation. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Reads and checks the header. Throws a SyntaxError that names the file and what is wrong in it. */
export async function readSafetensorsHeader(file: ModelFile): Promise<SafetensorsHeader> {
  if (file.size < 8) throw broken(file, `${file.size} bytes`, 'at least 8');
  const headerBytes = Number(new DataView((await file.read(0, 8)).slice().buffer).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES)
    throw broken(file, `a header of ${headerBytes} bytes`, `at most ${MAX_HEADER_BYTES}`);
  if (8 + headerBytes > file.size)
    throw broken(file, `a header of ${headerBytes} bytes in a file of ${file.size}`, 'a complete file');

  const entries = parseHeader(file, await file.read(8, headerBytes));
  const metadata = readMetadata(file, entries.__metadata__);
  const tensors = Object.entries(entries)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => readEntry(file, name, entry, 8 + headerBytes));
  checkLayout(file, tensors, 8 + headerBytes);
  return { tensors, metadata };
}

/** A complete file. `metadata` always gets format: "pt", without which older transformers refuse a file. */
export function writeSafetensors(
  tensors: readonly TensorBytes[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const names = new Set<string>();
  for (const t of tensors) {
    checkWritable(t, names.has(t.name) || t.name === '__metadata__');
    names.add(t.name);
  }
  const { head, order, size } = layOut(tensors, metadata);
  const out = new Uint8Array(size);
  out.set(head);
  let at = head.length;
  for (const t of order) {
    out.set(t.bytes, at);
    at += t.bytes.length;
  }
  return out;
}

/** A tensor whose bytes come in pieces. */
export interface TensorStream extends Omit<TensorBytes, 'bytes'> {
  /** Little-endian, row-major; called once each time that the file is written. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** The same file as writeSafetensors makes, of tensors that are never in memory together. */
export function streamSafetensors(
  name: string,
  tensors: readonly TensorStream[],
  metadata: Readonly<Record<string, string>> = {},
): StreamedFile {
  const { head, order, size } = layOut(tensors, metadata);
  return {
    name,
    size,
    async *chunks() {
      yield head;
      for (const tensor of order) {
        let left = tensorBytes(tensor.dtype, tensor.shape)!;
        for await (const chunk of tensor.chunks()) {
          left -= chunk.length;
          yield chunk;
        }
        if (left !== 0)
          throw new TypeError(`Cannot write tensor "${tensor.name}": found ${-left} bytes more than its shape holds`);
      }
    },
  };
}

/** The file up to its data, and the tensors in the order of the reference writer. */
function layOut<T extends Omit<TensorBytes, 'bytes'>>(
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>>,
): { readonly head: Uint8Array; readonly order: readonly T[]; readonly size: number } {
  const rank = (t: T) => DTYPE_ORDER.indexOf(t.dtype);
  const order = [...tensors].sort((a, b) => rank(b) - rank(a) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const header: Record<string, unknown> = Object.create(null);
  header.__metadata__ = { format: 'pt', ...metadata };
  let dataBytes = 0;
  for (const { name, dtype, shape } of order) {
    const bytes = tensorBytes(dtype, shape)!;
    header[name] = { dtype, shape, data_offsets: [dataBytes, dataBytes + bytes] };
    dataBytes += bytes;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const head = new Uint8Array(Math.ceil((8 + json.length) / 8) * 8).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true);
  head.set(json, 8);
  return { head, order, size: head.length + dataBytes };
}

/** Bytes of a tensor, or undefined when the product overflows or does not fill whole bytes. */
export function tensorBytes(dtype: Dtype, shape: readonly number[]): number | undefined {
  let bits = DTYPE_BITS[dtype] as number;
  for (const size of shape) bits *= size;
  return Number.isSafeInteger(bits) && bits % 8 === 0 ? bits / 8 : undefined;
}

function parseHeader(file: ModelFile, bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw broken(file, 'a header that is not UTF-8', 'UTF-8 JSON');
  }
  if (!text.startsWith('{')) throw broken(file, 'a header that does not start with "{"', 'a JSON object');
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw broken(file, `a header that is no JSON (${(error as Error).message})`, 'a JSON object');
  }
  const twice = findDuplicateKey(text);
  if (twice !== undefined) throw broken(file, `"${twice}" twice in the header`, 'each name once');
  return header as Record<string, unknown>;
}

/** JSON.parse keeps the last of two equal keys in silence. `text` is valid JSON here, so a scan for strings will do. */
function findDuplicateKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') open.push(new Set());
    else if (text[at] === '}') open.pop();
    else if (text[at] === '"') {
      const begin = at++;
      while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
      let after = at + 1;
      while (' \t\n\r'.includes(text[after] ?? '-')) after++;
      if (text[after] !== ':') continue;
      const key = JSON.parse(text.slice(begin, at + 1)) as string;
      const seen = open.at(-1)!;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

function readMetadata(file: ModelFile, entry: unknown): Map<string, string> {
  if (entry === undefined) return new Map();
  if (!isObject(entry)) throw broken(file, '__metadata__ that is no object', 'strings by name');
  for (const [key, value] of Object.entries(entry)) {
    if (typeof value !== 'string') throw broken(file, `__metadata__ "${key}" that is no string`, 'strings by name');
  }
  return new Map(Object.entries(entry) as [string, string][]);
}

function readEntry(file: ModelFile, name: string, entry: unknown, dataStart: number) {
  const bad = (found: string, need: string) => broken(file, `tensor "${name}" with ${found}`, need);
  if (!isObject(entry)) throw bad('no description', 'dtype, shape and data_offsets');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BITS, dtype)) {
    throw bad(`dtype ${JSON.stringify(dtype)}`, `one of ${DTYPE_ORDER.join(', ')}`);
  }
  if (!isSizes(shape)) throw bad('a shape that is no list of sizes', 'whole numbers from 0');
  if (!isSizes(offsets) || offsets.length !== 2) throw bad('data_offsets that are no pair', 'two whole numbers');
  const [begin, end] = offsets as [number, number];
  const bytes = tensorBytes(dtype as Dtype, shape);
  if (bytes === undefined) throw bad(`shape [${shape.join(', ')}]`, 'a size that can be counted in bytes');
  if (end - begin !== bytes) throw bad(`${end - begin} bytes for ${dtype} [${shape.join(', ')}]`, `${bytes}`);
  return { name, dtype: dtype as Dtype, shape, file, begin: dataStart + begin, end: dataStart + end };
}

/** Tensors must fill the data exactly: no holes, no overlaps, nothing outside. */
function checkLayout(file: ModelFile, tensors: readonly TensorInfo[], dataStart: number): void {
  let filled = dataStart;
  for (const t of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (t.end > file.size)
      throw broken(file, `tensor "${t.name}" that ends ${t.end - file.size} bytes behind the file`, 'a complete file');
    if (t.begin < filled) throw broken(file, `tensor "${t.name}" over bytes of another one`, 'tensors side by side');
    if (t.begin > filled)
      throw broken(file, `${t.begin - filled} unused bytes before tensor "${t.name}"`, 'tensors without holes');
    filled = t.end;
  }
  if (filled !== file.size)
    throw broken(file, `${file.size - filled} unused bytes at the end`, 'tensors without holes');
}

function checkWritable(tensor: TensorBytes, exists: boolean): void {
  const bytes = tensorBytes(tensor.dtype, tensor.shape);
  if (exists)
    throw new RangeError(`Cannot write tensor "${tensor.name}": found the name twice or reserved, need each name once`);
  if (bytes === tensor.bytes.length) return;
  throw new TypeError(
    `Cannot write tensor "${tensor.name}": found ${tensor.bytes.length} bytes, need ${bytes} for ${tensor.dtype} [${tensor.shape.join(', ')}]`,
  );
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function broken(file: ModelFile, found: string, need: string): SyntaxError {
  return new SyntaxError(`Cannot open "${file.name}": found ${found}, need ${need}`);
}
