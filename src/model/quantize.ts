// Frozen weights as they lie in GPU memory: codes with scales, or plain numbers.
//
//   q8        groups of 32 along the input dimension C, one f16 scale a group; GGUF's Q8_0 bit for bit.
//             Groups restart each row, so a row's last group may be short.
//   int8-row  one f32 scale an output row (the storage of LLM.int8).
//   nf4       4 bits, blocks of 64 with one f32 scale (QLoRA; nf4.ts); nf4-dq stores these scales in 8 bits.
//   f16       rounded to the nearest half.
//   f32       values as they are.
//
// Storage of a matrix (O,C), G = ceil(C/32); all buffers are whole u32 words (gpu/weight.ts has the other schemes):
//
// ```
// codes   word row·ceil(C/4) + c>>2, byte c&3 (low first)   int8; bytes behind C are 0
// scales  q8: f16 in word i>>1, half i&1 (low first), i = row·G + c/32 · int8-row: f32 at [row]
// ```
//
// Everything works on a range of rows, so a checkpoint streams through; chunks that begin at an even row line up with
// the words of the whole matrix (two rows always fill whole words of f16 scales). Rules of rounding: the golden files'.

import { NF4_BLOCK } from '../gpu/nf4.ts';
import { doubleScaleHead, type Storage } from '../gpu/weight.ts';
import { floatToHalf, halfTable, widenHalf } from './half.ts';
import { dequantizeNf4, quantizeNf4 } from './nf4.ts';
import { asUint16, CHUNK_BYTES, readRowBytes, readRows } from './read-tensor.ts';
import type { TensorInfo } from './safetensors.ts';

export type QuantScheme = Storage;

/** Elements that share a scale in q8. */
export const GROUP = 32;

/** Rows of a matrix in the layout of this file. Rows of nf4-dq are nf4: their scales are known when all rows are. */
export type QuantRows = { readonly rows: number; readonly columns: number } & (
  | { readonly scheme: 'q8'; readonly codes: Uint32Array; readonly scales: Uint32Array }
  | { readonly scheme: 'int8-row' | 'nf4'; readonly codes: Uint32Array; readonly scales: Float32Array }
  | { readonly scheme: 'f16'; readonly codes: Uint32Array; readonly scales?: undefined }
  | { readonly scheme: 'f32'; readonly values: Float32Array }
);

/** A matrix in a model's files: floats or blocks of GGUF, or the codes and scales that Graft's own q8 files hold. */
export interface WeightSource {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly weight: TensorInfo;
  /** F16 (O,G); present: `weight` is I8 in q8. */
  readonly scale: TensorInfo | undefined;
}

/**
 * The matrix `name` among a model's tensors. Throws a RangeError when it is not there and a TypeError when it is no
 * matrix, or is stored as integers without the F16 scales beside it that Graft's q8 files have.
 */
export function weightSource(tensors: ReadonlyMap<string, TensorInfo>, name: string): WeightSource {
  const weight = tensors.get(name);
  if (!weight) throw new RangeError(`Cannot use weight "${name}": found no such tensor, need it in the model's files`);
  const [rows, columns] = weight.shape;
  if (weight.shape.length !== 2 || rows === undefined || columns === undefined) {
    throw new TypeError(`Cannot use weight "${name}": found shape [${weight.shape.join(', ')}], need a matrix`);
  }
  if (weight.dtype !== 'I8') return { name, rows, columns, weight, scale: undefined };
  const scale = tensors.get(`${name}.scale`);
  const need = `[${rows}, ${groupsOf(columns)}]`;
  const found = scale ? `${scale.dtype} [${scale.shape.join(', ')}]` : 'none';
  if (!scale || found !== `F16 ${need}`) {
    throw new TypeError(
      `Cannot use weight "${name}": found I8 with scales ${found}, need "${name}.scale" as F16 ${need}`,
    );
  }
  return { name, rows, columns, weight, scale };
}

/** Bytes of a prepared matrix, for memory plans and buffer sizes. */
export function quantBytes(scheme: QuantScheme, rows: number, columns: number) {
  const codes = rows * Math.ceil(columns / 4) * 4;
  if (scheme === 'f32') return { codes: 0, scales: 0, values: rows * columns * 4 };
  if (scheme === 'f16') return { codes: 2 * codes, scales: 0, values: 0 };
  if (scheme === 'int8-row') return { codes, scales: rows * 4, values: 0 };
  if (scheme === 'nf4' || scheme === 'nf4-dq') {
    const blocks = rows * Math.ceil(columns / NF4_BLOCK);
    const scales = scheme === 'nf4' ? blocks * 4 : (doubleScaleHead(blocks) + Math.ceil(blocks / 4)) * 4;
    return { codes: rows * Math.ceil(columns / 8) * 4, scales, values: 0 };
  }
  return { codes, scales: Math.ceil((rows * groupsOf(columns)) / 2) * 4, values: 0 };
}

/** Rows to read and quantise at a time: an even number, about CHUNK_BYTES of f32. */
export function rowsPerChunk(columns: number): number {
  return Math.max(2, Math.floor(CHUNK_BYTES / 4 / Math.max(1, columns) / 2) * 2);
}

/** Rows [rowBegin, rowEnd) of a stored matrix in `scheme`; q8 files and Q8_0 keep their bits when q8 is asked for. */
export async function readQuantRows(
  source: WeightSource,
  rowBegin: number,
  rowEnd: number,
  scheme: QuantScheme,
): Promise<QuantRows> {
  const { name, weight, scale, columns } = source;
  const rows = rowEnd - rowBegin;
  if (weight.dtype === 'Q8_0' && scheme === 'q8') {
    const { codes, scales } = splitBlocks(await readRowBytes(weight, rowBegin, rowEnd));
    return packStored(name, codes, scales, rows, columns);
  }
  if (weight.nf4 && (scheme === 'nf4' || scheme === 'nf4-dq')) {
    const scales = await weight.nf4.scales(rowBegin, rowEnd);
    checkFinite(`${name}.absmax`, scales, 1);
    return { scheme: 'nf4', rows, columns, codes: words(await readRowBytes(weight, rowBegin, rowEnd)), scales };
  }
  if (!scale) return quantizeRows(name, await readRows(weight, rowBegin, rowEnd), rows, columns, scheme, rowBegin);
  const codes = await readRowBytes(weight, rowBegin, rowEnd);
  const scales = asUint16(await readRowBytes(scale, rowBegin, rowEnd));
  const stored = packStored(`${name}.scale`, codes, scales, rows, columns);
  if (scheme === 'q8') return stored;
  return quantizeRows(name, dequantize(stored), rows, columns, scheme, rowBegin);
}

/** Blocks of Q8_0 (f16 scale, 32 codes) → all codes and all scales. Groups are the same, so nothing is rounded. */
function splitBlocks(blocks: Uint8Array): { codes: Uint8Array; scales: Uint16Array } {
  const bytes = 2 + GROUP;
  const scales = new Uint16Array(blocks.length / bytes);
  const codes = new Uint8Array(scales.length * GROUP);
  for (let i = 0; i < scales.length; i++) {
    const at = i * bytes;
    scales[i] = blocks[at]! | (blocks[at + 1]! << 8);
    codes.set(blocks.subarray(at + 2, at + bytes), i * GROUP);
  }
  return { codes, scales };
}

/**
 * Quantises `rows` (O,C) f32. `firstRow` is where they begin in the whole matrix, for the message of the RangeError
 * that weights which are no finite numbers raise. For f32, `rows` itself becomes the values.
 */
export function quantizeRows(
  name: string,
  rows: Float32Array,
  rowCount: number,
  columns: number,
  scheme: QuantScheme,
  firstRow = 0,
): QuantRows {
  checkFinite(name, rows, columns, firstRow);
  if (scheme === 'q8') return quantizeGroups(name, rows, rowCount, columns, firstRow);
  if (scheme === 'int8-row') return quantizeWholeRows(rows, rowCount, columns);
  if (scheme === 'f16') return roundToHalves(name, rows, rowCount, columns, firstRow);
  if (scheme === 'nf4' || scheme === 'nf4-dq')
    return { scheme: 'nf4', rows: rowCount, columns, ...quantizeNf4(rows, rowCount, columns) };
  return { scheme, rows: rowCount, columns, values: rows };
}

/** The f32 matrix (O,C) that quantised rows stand for: what every kernel must compute with. */
export function dequantize(quant: QuantRows): Float32Array {
  if (quant.scheme === 'f32') return quant.values;
  const { rows, columns } = quant;
  if (quant.scheme === 'f16') return widenRows(quant.codes, rows, columns);
  if (quant.scheme === 'nf4') return dequantizeNf4(quant.codes, quant.scales, rows, columns);
  const out = new Float32Array(rows * columns);
  const codes = new Int8Array(quant.codes.buffer, quant.codes.byteOffset, quant.codes.byteLength);
  const scaleOf = quant.scheme === 'q8' ? groupScale(quant.scales, columns) : (row: number) => quant.scales[row]!;
  const stride = Math.ceil(columns / 4) * 4;
  for (let row = 0; row < rows; row++) {
    for (let begin = 0; begin < columns; begin += GROUP) {
      const scale = scaleOf(row, begin / GROUP);
      const end = Math.min(begin + GROUP, columns);
      for (let c = begin; c < end; c++) out[row * columns + c] = codes[row * stride + c]! * scale;
    }
  }
  return out;
}

/** d = absmax/127 and q = round_half_away(w·(1/d)) in f32; the f16 d is only for dequantising, as in Q8_0. */
function quantizeGroups(
  name: string,
  rows: Float32Array,
  rowCount: number,
  columns: number,
  firstRow: number,
): QuantRows {
  const groups = groupsOf(columns);
  const stride = Math.ceil(columns / 4) * 4;
  const codes = new Int8Array(rowCount * stride);
  const scales = new Uint16Array(Math.ceil((rowCount * groups) / 2) * 2);
  for (let row = 0; row < rowCount; row++) {
    for (let group = 0; group < groups; group++) {
      const begin = row * columns + group * GROUP;
      const end = Math.min(begin + GROUP, (row + 1) * columns);
      const d = Math.fround(absMax(rows, begin, end) / 127);
      const half = floatToHalf(d);
      if (half === 0x7c00) throw tooLarge(name, rows, begin, columns, firstRow);
      scales[row * groups + group] = half;
      // Below 2^-128 the inverse would be infinite; such groups have an f16 scale of 0, so their codes do not matter.
      const inverse = d < 3e-39 ? 0 : Math.fround(1 / d);
      const to = row * stride + group * GROUP - begin;
      for (let i = begin; i < end; i++) {
        const x = Math.fround(rows[i]! * inverse);
        // Half up, then negative halves one further: a branch on the sign would be mispredicted every other time.
        const q = Math.floor(x + 0.5);
        codes[to + i] = q - x === 0.5 && x < 0 ? q - 1 : q;
      }
    }
  }
  return { scheme: 'q8', rows: rowCount, columns, codes: words(codes), scales: words(scales) };
}

/** scale = absmax/127, q = clamp(round_half_even(w/scale), ±127), in f32. */
function quantizeWholeRows(rows: Float32Array, rowCount: number, columns: number): QuantRows {
  const stride = Math.ceil(columns / 4) * 4;
  const codes = new Int8Array(rowCount * stride);
  const scales = new Float32Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const begin = row * columns;
    const scale = Math.fround(absMax(rows, begin, begin + columns) / 127);
    scales[row] = scale;
    if (scale === 0) continue;
    const to = row * stride - begin;
    for (let i = begin; i < begin + columns; i++) {
      // Adding 1.5·2^52 leaves no fraction bits: the addition itself rounds to even.
      const q = Math.fround(rows[i]! / scale) + 6755399441055744 - 6755399441055744;
      codes[to + i] = Math.max(-127, Math.min(127, q));
    }
  }
  return { scheme: 'int8-row', rows: rowCount, columns, codes: words(codes), scales };
}

function roundToHalves(
  name: string,
  rows: Float32Array,
  rowCount: number,
  columns: number,
  firstRow: number,
): QuantRows {
  const stride = Math.ceil(columns / 4) * 4;
  const halves = new Uint16Array(rowCount * stride);
  for (let row = 0; row < rowCount; row++)
    for (let c = 0; c < columns; c++) {
      const half = floatToHalf(rows[row * columns + c]!);
      if ((half & 0x7fff) === 0x7c00)
        throw new RangeError(
          `Cannot store weight "${name}" as f16: found ${rows[row * columns + c]} at ${place(row * columns + c, columns, firstRow)}, need magnitudes below 65520`,
        );
      halves[row * stride + c] = half;
    }
  return { scheme: 'f16', rows: rowCount, columns, codes: words(halves) };
}

function widenRows(codes: Uint32Array, rows: number, columns: number): Float32Array {
  const halves = new Uint16Array(codes.buffer, codes.byteOffset, codes.length * 2);
  const stride = halves.length / rows;
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    widenHalf(halves.subarray(row * stride, row * stride + columns), out.subarray(row * columns, (row + 1) * columns));
  return out;
}

/** Codes (O,C) and scales (O,G) as a file has them, moved into the padded layout. `name`: the tensor with the scales. */
function packStored(name: string, stored: Uint8Array, halves: Uint16Array, rows: number, columns: number): QuantRows {
  const bad = halves.findIndex((half) => (half & 0x7c00) === 0x7c00);
  if (bad >= 0) throw new RangeError(`Cannot use "${name}": found no finite scale at ${bad}, need finite scales`);
  const stride = Math.ceil(columns / 4) * 4;
  const codes = new Uint8Array(rows * stride);
  if (stride === columns) codes.set(stored);
  else
    for (let row = 0; row < rows; row++) codes.set(stored.subarray(row * columns, (row + 1) * columns), row * stride);
  const scales = new Uint16Array(Math.ceil(halves.length / 2) * 2);
  scales.set(halves);
  return { scheme: 'q8', rows, columns, codes: words(codes), scales: words(scales) };
}

function groupScale(scales: Uint32Array, columns: number): (row: number, group: number) => number {
  const halves = new Uint16Array(scales.buffer, scales.byteOffset, scales.length * 2);
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  const lookup = halfTable();
  for (let i = 0; i < halves.length; i++) bits[i] = lookup[halves[i]!]!;
  const groups = groupsOf(columns);
  return (row, group) => values[row * groups + group]!;
}

function groupsOf(columns: number): number {
  return Math.ceil(columns / GROUP);
}

function words(given: Int8Array | Uint8Array | Uint16Array): Uint32Array {
  // A reader may hand out bytes at an odd address.
  const bytes = given.byteOffset % 4 === 0 ? given : given.slice();
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function absMax(values: Float32Array, begin: number, end: number): number {
  let max = 0;
  for (let i = begin; i < end; i++) max = Math.max(max, Math.abs(values[i]!));
  return max;
}

/** x - x is 0 for every finite x and NaN for the others, so one sum finds them all at the cost of an addition each. */
export function checkFinite(name: string, rows: Float32Array, columns: number, firstRow = 0): void {
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += rows[i]! - rows[i]!;
  if (sum === 0) return;
  const at = rows.findIndex((value) => !Number.isFinite(value));
  throw new RangeError(
    `Cannot use weight "${name}": found ${rows[at]} at ${place(at, columns, firstRow)}, need finite numbers`,
  );
}

function tooLarge(name: string, rows: Float32Array, begin: number, columns: number, firstRow: number): RangeError {
  const at = begin + rows.subarray(begin, begin + GROUP).findIndex((value) => Math.abs(value) > 127 * 65519);
  return new RangeError(
    `Cannot quantise weight "${name}" as q8: found ${rows[at]} at ${place(at, columns, firstRow)}, need magnitudes below 8.3 million (127 × the largest f16)`,
  );
}

function place(at: number, columns: number, firstRow: number): string {
  return `[${firstRow + Math.floor(at / columns)}, ${at % columns}]`;
}
