// The head of a GGUF file: named values, then where each tensor lies. Values of tensors are read elsewhere, by range.
//
// ```
// "GGUF", version u32, tensors u64, values u64
// values   name, type u32, value                    text: length u64, UTF-8 · array: type u32, length u64, elements
// tensors  name, dimensions u32, sizes u64 each (fastest first), type u32, offset u64 from the data's start
// data     at the next multiple of general.alignment (32)
// ```
//
// Headers come from strangers: each count is checked against the file's size and a limit before anything is allocated.

import type { ModelFile } from '../model-file.ts';
import type { TensorInfo } from '../safetensors.ts';
import { BLOCK_TYPES, blockBytes, blockName } from './block-types.ts';
import { ByteReader, broken } from './byte-reader.ts';

export type GgufArray =
  | readonly string[]
  | readonly boolean[]
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;
export type GgufValue = string | number | boolean | GgufArray;

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Under their names in the file; sizes slowest first, as everywhere here. */
  readonly tensors: readonly TensorInfo[];
}

/** A vocabulary of 300,000 tokens with its merges takes 25 MB; this stops a file that is no GGUF from being read whole. */
const MAX_HEADER_BYTES = 128 << 20;
/** Files have some 50 values and, at 100 layers, some 1,200 tensors. */
const MAX_VALUES = 1 << 14;
const MAX_TENSORS = 1 << 16;
/** Elements of all arrays together; the largest vocabularies have 1.5 million with scores, types and merges. */
const MAX_ELEMENTS = 1 << 23;
/** Names are short ("blk.100.ffn_gate_exps.weight"); the format allows 64 bytes for tensors. */
const MAX_NAME_BYTES = 1 << 10;
/** The longest texts are chat templates, of up to 50 kB. */
const MAX_TEXT_BYTES = 1 << 22;
const MAX_DIMENSIONS = 4;
/** Alignments are 32 or a page. */
const MAX_ALIGNMENT = 1 << 16;

const TEXT = 8;
const ARRAY = 9;
const BOOL = 7;
/** Number types by their ids in a file. 64-bit integers become doubles: exact up to 2^53, which limits keep below. */
const NUMBERS: Readonly<Record<number, { bytes: number; read(view: DataView, at: number): number }>> = {
  0: { bytes: 1, read: (view, at) => view.getUint8(at) },
  1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  3: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  4: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  5: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  6: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  7: { bytes: 1, read: (view, at) => view.getUint8(at) },
  10: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  11: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  12: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};
const ARRAYS = {
  0: Uint8Array,
  1: Int8Array,
  2: Uint16Array,
  3: Int16Array,
  4: Uint32Array,
  5: Int32Array,
  6: Float32Array,
} as const;

/** Reads and checks the header. Throws a SyntaxError that names the file and what is wrong in it. */
export async function readGgufHeader(file: ModelFile): Promise<GgufHeader> {
  const reader = new ByteReader(file, MAX_HEADER_BYTES);
  const counts = await readCounts(reader);
  const metadata = await readMetadata(reader, counts.values);
  const infos = await readInfos(reader, counts.tensors);
  const alignment = alignmentOf(file, metadata.get('general.alignment'));
  const dataStart = Math.ceil(reader.offset / alignment) * alignment;
  const tensors = infos.map(({ name, type, sizes, offset }) => {
    const bad = (found: string, need: string) => broken(file, `tensor "${name}" with ${found}`, need);
    const dtype = blockName(type);
    if (dtype === undefined) throw bad(`the unknown type ${type}`, `one of ${Object.keys(BLOCK_TYPES).join(', ')}`);
    const shape = sizes.reverse();
    const { elements } = BLOCK_TYPES[dtype];
    if ((shape.at(-1) ?? 1) % elements !== 0)
      throw bad(`rows of ${shape.at(-1)} in ${dtype}`, `whole blocks of ${elements}`);
    const bytes = blockBytes(dtype, shape);
    if (bytes === undefined || shape.some((size) => size < 1 || !Number.isSafeInteger(size)))
      throw bad(`sizes [${shape.join(', ')}]`, 'sizes from 1 that can be counted in bytes');
    if (!Number.isSafeInteger(offset) || offset % alignment !== 0)
      throw bad(`offset ${offset}`, `a multiple of ${alignment}`);
    return { name, dtype, shape, file, begin: dataStart + offset, end: dataStart + offset + bytes };
  });
  checkLayout(file, tensors);
  return { metadata, tensors };
}

async function readCounts(reader: ByteReader) {
  const { file } = reader;
  if (file.size < 24) throw broken(file, `${file.size} bytes`, 'a GGUF file');
  await reader.fetch(24);
  const magic = String.fromCharCode(...reader.take(4));
  if (magic !== 'GGUF') throw broken(file, `${JSON.stringify(magic)} at its start`, '"GGUF"');
  const version = reader.u32();
  if (version !== 2 && version !== 3) {
    const isBigEndian = version % 65536 === 0 && version !== 0;
    throw broken(file, isBigEndian ? 'a big-endian file' : `GGUF version ${version}`, 'version 2 or 3, little-endian');
  }
  const tensors = reader.u64();
  const values = reader.u64();
  if (tensors > MAX_TENSORS) throw broken(file, `${tensors} tensors`, `at most ${MAX_TENSORS}`);
  if (values > MAX_VALUES) throw broken(file, `${values} values in its header`, `at most ${MAX_VALUES}`);
  return { tensors, values };
}

async function readMetadata(reader: ByteReader, count: number): Promise<Map<string, GgufValue>> {
  const metadata = new Map<string, GgufValue>();
  const budget = { elements: MAX_ELEMENTS };
  for (let i = 0; i < count; i++) {
    const key = await readName(reader);
    if (metadata.has(key)) throw broken(reader.file, `"${key}" twice in the header`, 'each name once');
    await reader.fetch(4);
    metadata.set(key, await readValue(reader, key, reader.u32(), budget));
  }
  return metadata;
}

async function readInfos(reader: ByteReader, count: number) {
  const infos: { name: string; sizes: number[]; type: number; offset: number }[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) {
    const name = await readName(reader);
    if (seen.has(name)) throw broken(reader.file, `tensor "${name}" twice`, 'each name once');
    seen.add(name);
    await reader.fetch(4);
    const dimensions = reader.u32();
    if (dimensions > MAX_DIMENSIONS)
      throw broken(reader.file, `tensor "${name}" with ${dimensions} dimensions`, `at most ${MAX_DIMENSIONS}`);
    await reader.fetch(8 * dimensions + 12);
    const sizes = Array.from({ length: dimensions }, () => reader.u64());
    infos.push({ name, sizes, type: reader.u32(), offset: reader.u64() });
  }
  return infos;
}

async function readName(reader: ByteReader): Promise<string> {
  const bytes = await readBytes(reader, MAX_NAME_BYTES, 'a name');
  try {
    return STRICT.decode(bytes);
  } catch {
    throw broken(reader.file, 'a name that is not UTF-8', 'UTF-8');
  }
}
const STRICT = new TextDecoder('utf-8', { fatal: true });
/** For values: a description with a broken character is no reason to refuse a model. */
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true });

/** A length and as many bytes. */
async function readBytes(reader: ByteReader, maxBytes: number, what: string): Promise<Uint8Array> {
  if (!reader.has(8)) await reader.fetch(8);
  const length = reader.u64();
  if (length > maxBytes) throw broken(reader.file, `${what} of ${length} bytes`, `at most ${maxBytes}`);
  if (!reader.has(length)) await reader.fetch(length);
  return reader.take(length);
}

async function readValue(
  reader: ByteReader,
  key: string,
  type: number,
  budget: { elements: number },
): Promise<GgufValue> {
  if (type === TEXT) return LENIENT.decode(await readBytes(reader, MAX_TEXT_BYTES, `a text "${key}"`));
  if (type === ARRAY) return readArray(reader, key, budget);
  const number = NUMBERS[type];
  if (number === undefined) throw broken(reader.file, `"${key}" of the unknown type ${type}`, 'a type of GGUF 3');
  await reader.fetch(number.bytes);
  const value = number.read(viewOf(reader.take(number.bytes)), 0);
  return type === BOOL ? value !== 0 : value;
}

async function readArray(reader: ByteReader, key: string, budget: { elements: number }): Promise<GgufArray> {
  await reader.fetch(12);
  const type = reader.u32();
  const length = reader.u64();
  const number = NUMBERS[type];
  if (number === undefined && type !== TEXT)
    throw broken(reader.file, `an array "${key}" of type ${type}`, 'an array of numbers or texts');
  if (length > budget.elements)
    throw broken(reader.file, `${length} elements in "${key}"`, `at most ${MAX_ELEMENTS} in all arrays`);
  budget.elements -= length;
  const bytes = length * (number?.bytes ?? 8);
  if (bytes > reader.left)
    throw broken(reader.file, `${length} elements in "${key}", more than the file has`, 'a complete file');
  if (number === undefined) {
    const texts: string[] = [];
    for (let i = 0; i < length; i++)
      texts.push(LENIENT.decode(await readBytes(reader, MAX_TEXT_BYTES, `a text in "${key}"`)));
    return texts;
  }
  await reader.fetch(bytes);
  const view = viewOf(reader.take(bytes));
  if (type === BOOL) return Array.from({ length }, (_, i) => view.getUint8(i) !== 0);
  const out = new (ARRAYS[type as keyof typeof ARRAYS] ?? Float64Array)(length);
  for (let i = 0; i < length; i++) out[i] = number.read(view, i * number.bytes);
  return out;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function alignmentOf(file: ModelFile, value: GgufValue | undefined): number {
  if (value === undefined) return 32;
  const isPower = typeof value === 'number' && Number.isInteger(Math.log2(value));
  if (isPower && value >= 1 && value <= MAX_ALIGNMENT) return value;
  throw broken(file, `general.alignment ${JSON.stringify(value)}`, `a power of two up to ${MAX_ALIGNMENT}`);
}

/** Tensors lie inside the file and beside each other; the padding between them is free. */
function checkLayout(file: ModelFile, tensors: readonly TensorInfo[]): void {
  let before: TensorInfo | undefined;
  for (const t of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (t.end > file.size)
      throw broken(file, `tensor "${t.name}" that ends ${t.end - file.size} bytes behind the file`, 'a complete file');
    if (before && t.begin < before.end)
      throw broken(file, `tensor "${t.name}" over bytes of "${before.name}"`, 'tensors side by side');
    before = t;
  }
}
