// Values of a tensor as f32, by rows, so that a large matrix never has to be in memory whole.
// Rows are the first dimension; a vector has rows of one element, a scalar is one row.

import { BLOCK_TYPES, type BlockName } from './gguf/block-types.ts';
import { DEQUANTIZERS } from './gguf/dequantize.ts';
import { widenBrain, widenHalf } from './half.ts';
import { dequantizeNf4 } from './nf4.ts';
import type { TensorInfo } from './safetensors.ts';

/** File bytes read at a time: large enough for full disk speed, small beside any tab's memory. */
export const CHUNK_BYTES = 8 * 1024 * 1024;

/** Rows of another order are read together when at most this much lies between them: a read costs as much as 64 kB. */
const MAX_GAP_BYTES = 64 * 1024;

/** Writes the elements that the stored bytes stand for; the types that stand for real weights. */
const WIDEN: ReadonlyMap<string, (bytes: Uint8Array, out: Float32Array) => void> = new Map([
  ['F32', (bytes, out) => new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes)],
  ['F16', (bytes, out) => widenHalf(asUint16(bytes), out)],
  ['BF16', (bytes, out) => widenBrain(asUint16(bytes), out)],
  ...DEQUANTIZERS,
]);

/** The types that can be read, for messages. */
export const READABLE = [...WIDEN.keys()].join(', ');

/** True for element types that readRows understands; integers and what nobody trains on are not among them. */
export function isReadable(dtype: TensorInfo['dtype']): boolean {
  return dtype === 'NF4' || WIDEN.has(dtype);
}

/** Rows (dimension 0) and elements a row of any tensor. */
export function rowsOf(info: TensorInfo): { readonly rows: number; readonly columns: number } {
  const [rows = 1, ...rest] = info.shape;
  return { rows, columns: rest.reduce((product, size) => product * size, 1) };
}

/** Rows [rowBegin, rowEnd) as f32, row-major. Throws a TypeError for dtypes that stand for no weights. */
export async function readRows(info: TensorInfo, rowBegin: number, rowEnd: number): Promise<Float32Array> {
  if (info.nf4) {
    const codes = asUint32(await readRowBytes(info, rowBegin, rowEnd));
    return dequantizeNf4(codes, await info.nf4.scales(rowBegin, rowEnd), rowEnd - rowBegin, rowsOf(info).columns);
  }
  const widen = WIDEN.get(info.dtype);
  if (!widen) throw new TypeError(`Cannot read tensor "${info.name}": found ${info.dtype}, need ${READABLE}`);
  const { rows, columns } = rowsOf(info);
  checkRows(info.name, rows, rowBegin, rowEnd);
  if (columns % (BLOCK_TYPES[info.dtype as BlockName]?.elements ?? 1) !== 0)
    throw new TypeError(
      `Cannot read tensor "${info.name}": found ${info.dtype} in rows of ${columns}, need F32 or F16`,
    );
  const out = new Float32Array((rowEnd - rowBegin) * columns);
  const step = Math.max(1, Math.floor(CHUNK_BYTES / rowBytesOf(info)));
  for (let row = rowBegin; row < rowEnd; row += step) {
    const end = Math.min(rowEnd, row + step);
    const bytes = await readRowBytes(info, row, end);
    widen(bytes, out.subarray((row - rowBegin) * columns, (end - rowBegin) * columns));
  }
  return out;
}

/** The whole tensor as f32: for norms, biases and adapters. */
export function readTensor(info: TensorInfo): Promise<Float32Array> {
  return readRows(info, 0, rowsOf(info).rows);
}

/** Rows [rowBegin, rowEnd) of the transpose of a matrix: its columns, each as a row. Reads the whole matrix, CHUNK_BYTES at a time. */
export async function readTransposedRows(info: TensorInfo, rowBegin: number, rowEnd: number): Promise<Float32Array> {
  const { rows, columns } = rowsOf(info);
  checkRows(info.name, columns, rowBegin, rowEnd);
  const out = new Float32Array((rowEnd - rowBegin) * rows);
  const step = Math.max(1, Math.floor(CHUNK_BYTES / 4 / columns));
  for (let begin = 0; begin < rows; begin += step) {
    const end = Math.min(rows, begin + step);
    const stored = await readRows(info, begin, end);
    for (let r = rowBegin; r < rowEnd; r++) {
      const to = (r - rowBegin) * rows;
      for (let c = begin; c < end; c++) out[to + c] = stored[(c - begin) * columns + r]!;
    }
  }
  return out;
}

/** The tensor's stored bytes of rows [rowBegin, rowEnd), in the order of rows here, not of the file. */
export async function readRowBytes(info: TensorInfo, rowBegin: number, rowEnd: number): Promise<Uint8Array> {
  checkRows(info.name, rowsOf(info).rows, rowBegin, rowEnd);
  const rowBytes = rowBytesOf(info);
  const { begin, file, storedRow } = info;
  if (storedRow === undefined) return file.read(begin + rowBegin * rowBytes, (rowEnd - rowBegin) * rowBytes);
  const out = new Uint8Array((rowEnd - rowBegin) * rowBytes);
  const wanted = Array.from({ length: rowEnd - rowBegin }, (_, to) => ({ to, from: storedRow(rowBegin + to) }));
  wanted.sort((a, b) => a.from - b.from);
  for (let first = 0; first < wanted.length; ) {
    const from = wanted[first]!.from;
    let after = first + 1;
    while (after < wanted.length && belongsTo(from, wanted[after - 1]!.from, wanted[after]!.from, rowBytes)) after++;
    const bytes = await file.read(begin + from * rowBytes, (wanted[after - 1]!.from + 1 - from) * rowBytes);
    for (const row of wanted.slice(first, after))
      out.set(bytes.subarray((row.from - from) * rowBytes, (row.from - from + 1) * rowBytes), row.to * rowBytes);
    first = after;
  }
  return out;
}

/** Whether a row is read together with those from `first` to `last`. */
function belongsTo(first: number, last: number, row: number, rowBytes: number): boolean {
  return (row - last) * rowBytes <= MAX_GAP_BYTES + rowBytes && (row + 1 - first) * rowBytes <= 2 * CHUNK_BYTES;
}

function rowBytesOf(info: TensorInfo): number {
  const { rows } = rowsOf(info);
  return rows === 0 ? 0 : (info.end - info.begin) / rows;
}

function checkRows(name: string, rows: number, rowBegin: number, rowEnd: number): void {
  if (0 <= rowBegin && rowBegin <= rowEnd && rowEnd <= rows) return;
  throw new RangeError(`Cannot read rows ${rowBegin} to ${rowEnd} of "${name}": found ${rows} rows, need all of them`);
}

/** A view where the bytes are aligned, a copy where a file's reader handed them out at an odd address. */
export function asUint16(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2);
}

function asUint32(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
