// Values of a tensor as f32, by rows, so that a large matrix never has to be in memory whole.
// Rows are the first dimension; a vector has rows of one element, a scalar is one row.

import { widenBrain, widenHalf } from './half.ts';
import type { TensorInfo } from './safetensors.ts';

/** File bytes read at a time: large enough for full disk speed, small beside any tab's memory. */
export const CHUNK_BYTES = 8 * 1024 * 1024;

/** The element types that stand for real weights; others are refused by name. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 };

/** Rows (dimension 0) and elements a row of any tensor. */
export function rowsOf(info: TensorInfo): { readonly rows: number; readonly columns: number } {
  const [rows = 1, ...rest] = info.shape;
  return { rows, columns: rest.reduce((product, size) => product * size, 1) };
}

/** Rows [rowBegin, rowEnd) as f32, row-major. Throws a TypeError for dtypes other than F32, F16 and BF16. */
export async function readRows(info: TensorInfo, rowBegin: number, rowEnd: number): Promise<Float32Array> {
  const elementBytes = ELEMENT_BYTES[info.dtype];
  if (!elementBytes)
    throw new TypeError(`Cannot read tensor "${info.name}": found ${info.dtype}, need F32, F16 or BF16`);
  const { rows, columns } = rowsOf(info);
  checkRows(info.name, rows, rowBegin, rowEnd);
  const out = new Float32Array((rowEnd - rowBegin) * columns);
  const begin = info.begin + rowBegin * columns * elementBytes;
  const chunk = CHUNK_BYTES / elementBytes;
  for (let at = 0; at < out.length; at += chunk) {
    const length = Math.min(chunk, out.length - at);
    const bytes = await info.file.read(begin + at * elementBytes, length * elementBytes);
    widen(info.dtype, bytes, out.subarray(at, at + length));
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

/** The tensor's stored bytes of rows [rowBegin, rowEnd), for one-byte and two-byte types that are kept as they are. */
export function readRowBytes(info: TensorInfo, rowBegin: number, rowEnd: number): Promise<Uint8Array> {
  const { rows } = rowsOf(info);
  checkRows(info.name, rows, rowBegin, rowEnd);
  const rowBytes = rows === 0 ? 0 : (info.end - info.begin) / rows;
  return info.file.read(info.begin + rowBegin * rowBytes, (rowEnd - rowBegin) * rowBytes);
}

function checkRows(name: string, rows: number, rowBegin: number, rowEnd: number): void {
  if (0 <= rowBegin && rowBegin <= rowEnd && rowEnd <= rows) return;
  throw new RangeError(`Cannot read rows ${rowBegin} to ${rowEnd} of "${name}": found ${rows} rows, need all of them`);
}

function widen(dtype: string, bytes: Uint8Array, out: Float32Array): void {
  if (dtype === 'F32') new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
  else if (dtype === 'F16') widenHalf(asUint16(bytes), out);
  else widenBrain(asUint16(bytes), out);
}

/** A view where the bytes are aligned, a copy where a file's reader handed them out at an odd address. */
export function asUint16(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2);
}
