// NF4 as QLoRA and bitsandbytes store it: blocks of 64 numbers with one scale, their absolute maximum, and indices of 4
// bits into sixteen numbers (gpu/nf4.ts). Blocks restart each row here; where C is a multiple of 64, as in every model of
// note, that is bitsandbytes' layout, which runs over the whole matrix.
//
// Double quantisation stores the scales as 8-bit indices into a table as well (bitsandbytes' "dynamic map"), in blocks of
// 256 scales after their mean is taken off: 4.127 bits a number instead of 4.5.

import { NF4, NF4_BLOCK, NF4_ZERO } from '../gpu/nf4.ts';
import { doubleScaleHead } from '../gpu/weight.ts';

/** Scales that share a scale of their own. */
const NESTED_BLOCK = 256;

/** Codes of rows (O,C), padded to whole words, and the scale of each block. */
export function quantizeNf4(rows: Float32Array, rowCount: number, columns: number) {
  const stride = Math.ceil(columns / 8) * 4;
  const groups = Math.ceil(columns / NF4_BLOCK);
  const codes = new Uint8Array(rowCount * stride).fill(NF4_ZERO * 0x11);
  const scales = new Float32Array(rowCount * groups);
  for (let row = 0; row < rowCount; row++)
    for (let group = 0; group < groups; group++) {
      const begin = row * columns + group * NF4_BLOCK;
      const end = Math.min(begin + NF4_BLOCK, (row + 1) * columns);
      let scale = 0;
      for (let i = begin; i < end; i++) scale = Math.max(scale, Math.abs(rows[i]!));
      scales[row * groups + group] = scale;
      if (scale === 0) continue;
      const inverse = Math.fround(1 / scale);
      const to = row * stride + group * (NF4_BLOCK / 2);
      for (let i = begin; i < end; i += 2) {
        const high = nearestCode(Math.fround(rows[i]! * inverse));
        const low = i + 1 < end ? nearestCode(Math.fround(rows[i + 1]! * inverse)) : NF4_ZERO;
        codes[to + ((i - begin) >> 1)] = (high << 4) | low;
      }
    }
  return { codes: new Uint32Array(codes.buffer), scales };
}

/** The numbers (O,C) that codes and scales stand for. */
export function dequantizeNf4(codes: Uint32Array, scales: Float32Array, rows: number, columns: number): Float32Array {
  const bytes = new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
  const stride = Math.ceil(columns / 8) * 4;
  const groups = Math.ceil(columns / NF4_BLOCK);
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < columns; c++) {
      const byte = bytes[row * stride + (c >> 1)]!;
      out[row * columns + c] = NF4[c % 2 === 0 ? byte >> 4 : byte & 15]! * scales[row * groups + (c >> 6)]!;
    }
  return out;
}

/** Scales quantised once more: index i stands for table[codes[i]]·nested[i/256] + offset. */
export interface DoubleScales {
  /** (256) ascending. */
  readonly table: Float32Array;
  readonly offset: number;
  readonly nested: Float32Array;
  readonly codes: Uint8Array;
}

/** bitsandbytes' rule: the mean is taken off, then blocks of 256 are divided by their largest and rounded to the table. */
export function doubleQuantize(scales: Float32Array): DoubleScales {
  const table = dynamicMap();
  const borders = bordersOf(table);
  let sum = 0;
  for (const scale of scales) sum += scale;
  const offset = Math.fround(sum / Math.max(1, scales.length));
  const nested = new Float32Array(Math.ceil(scales.length / NESTED_BLOCK));
  const codes = new Uint8Array(scales.length);
  for (let block = 0; block < nested.length; block++) {
    const begin = block * NESTED_BLOCK;
    const end = Math.min(begin + NESTED_BLOCK, scales.length);
    let largest = 0;
    for (let i = begin; i < end; i++) largest = Math.max(largest, Math.abs(Math.fround(scales[i]! - offset)));
    nested[block] = largest;
    for (let i = begin; i < end; i++) {
      const x = largest === 0 ? 0 : Math.fround(Math.fround(scales[i]! - offset) / largest);
      codes[i] = countBelow(borders, x);
    }
  }
  return { table, offset, nested, codes };
}

/** The scales that they stand for. */
export function expandScales(
  { table, offset, nested, codes }: DoubleScales,
  begin = 0,
  end = codes.length,
): Float32Array {
  const out = new Float32Array(end - begin);
  for (let i = begin; i < end; i++)
    out[i - begin] = Math.fround(table[codes[i]!]! * nested[Math.floor(i / NESTED_BLOCK)]!) + offset;
  return out;
}

/** As weight.ts describes the scales of nf4-dq. */
export function packScales({ table, offset, nested, codes }: DoubleScales): Uint32Array {
  const head = doubleScaleHead(codes.length);
  const words = new Uint32Array(head + Math.ceil(codes.length / 4));
  const floats = new Float32Array(words.buffer);
  floats.set(table);
  floats[256] = offset;
  floats.set(nested, 257);
  new Uint8Array(words.buffer, 4 * head).set(codes);
  return words;
}

/** Scales `first` … `first + count - 1` of packed ones, packed by themselves; `first` a multiple of 256. */
export function sliceScales(packed: Uint32Array, total: number, first: number, count: number): Uint32Array {
  const table = packed.subarray(0, 257);
  const nested = packed.subarray(257 + first / 256, 257 + Math.ceil((first + count) / 256));
  const words = new Uint32Array(257 + nested.length + Math.ceil(count / 4));
  words.set(table);
  words.set(nested, 257);
  const codes = new Uint8Array(packed.buffer, packed.byteOffset + 4 * doubleScaleHead(total) + first, count);
  new Uint8Array(words.buffer, 4 * (257 + nested.length)).set(codes);
  return words;
}

const NF4_BORDERS = bordersOf(NF4);

/** Index of the nearest of the sixteen numbers; halfway between two, the lower one. */
function nearestCode(x: number): number {
  let code = x > NF4_BORDERS[7]! ? 8 : 0;
  if (x > NF4_BORDERS[code + 3]!) code += 4;
  if (x > NF4_BORDERS[code + 1]!) code += 2;
  return x > NF4_BORDERS[code]! ? code + 1 : code;
}

/** How many borders lie below x: the index of the nearest number. */
function countBelow(borders: Float32Array, x: number): number {
  let low = 0;
  let high = borders.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (borders[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Halfway between neighbours, in f32. */
function bordersOf(ascending: Float32Array): Float32Array {
  return Float32Array.from({ length: ascending.length - 1 }, (_, i) =>
    Math.fround(Math.fround(ascending[i]! + ascending[i + 1]!) / 2),
  );
}

/** create_dynamic_map() of bitsandbytes: for each power of ten from 1e-6 to 1, 1 to 64 numbers of both signs; 0 and 1. */
export function dynamicMap(): Float32Array {
  const numbers = [0, 1];
  for (let i = 0; i < 7; i++) {
    const steps = 2 ** i;
    const edge = (k: number) => linspace(k, steps + 1);
    for (let k = 0; k < steps; k++) {
      const mean = Math.fround(Math.fround(edge(k) + edge(k + 1)) / 2);
      const value = Math.fround(Math.fround(10 ** (i - 6)) * mean);
      numbers.push(value, -value);
    }
  }
  return Float32Array.from(numbers).sort();
}

/** Number k of `count` from 0.1 to 1 in f32, counted from the nearer end with one rounding, as torch does. */
function linspace(k: number, count: number): number {
  const [first, last] = [Math.fround(0.1), 1];
  const step = Math.fround(Math.fround(last - first) / (count - 1));
  return k < Math.floor(count / 2) ? Math.fround(first + step * k) : Math.fround(last - step * (count - 1 - k));
}
