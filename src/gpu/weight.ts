// A matrix W (O,C) as a product reads it: frozen and quantised, frozen f32, or a trainable LoRA factor.
// Shaders see it through one of the parts weight-<storage>.wgsl, all of which offer
//   fn weight4(row: u32, c4: u32) -> vec4<f32>     W[row, 4·c4 … 4·c4+3], dequantised; columns ≥ C are 0

import type { Graph, Value } from './graph.ts';

/**
 * How the numbers lie in memory (little-endian, row by row):
 *   f32       codes (O·C) f32
 *   q8        codes (O·⌈C/4⌉) u32, four int8 along C each; scales ⌈O·⌈C/32⌉/2⌉ u32, two f16 each, group g of row o at o·⌈C/32⌉+g
 *   int8-row  codes as q8; scales (O) f32
 *   f16       codes (O·⌈C/4⌉·2) u32, two f16 along C each
 *   nf4       codes (O·⌈C/8⌉) u32, eight indices of 4 bits along C each, the first of two in a byte's high half;
 *             scales (O·⌈C/64⌉) f32
 *   nf4-dq    codes as nf4; scales u32: a table of 256 f32, an offset f32, ⌈N/256⌉ f32 n, N bytes b, where N = O·⌈C/64⌉;
 *             scale i is table[b[i]]·n[i/256] + offset
 */
export type Storage = 'f32' | 'f16' | 'q8' | 'int8-row' | 'nf4' | 'nf4-dq';

export interface Weight {
  readonly name: string;
  readonly storage: Storage;
  /** O */
  readonly rows: number;
  /** C */
  readonly columns: number;
  readonly codes: Value;
  readonly scales: Value | undefined;
}

/** u32 words of a row's codes. */
const CODE_WORDS = {
  f16: (C: number) => 2 * Math.ceil(C / 4),
  q8: (C: number) => Math.ceil(C / 4),
  'int8-row': (C: number) => Math.ceil(C / 4),
  nf4: (C: number) => Math.ceil(C / 8),
  'nf4-dq': (C: number) => Math.ceil(C / 8),
} as const;

/** Words before the bytes of nf4-dq's scales, for N of them. */
export function doubleScaleHead(N: number): number {
  return 256 + 1 + Math.ceil(N / 256);
}

export function frozenWeight(g: Graph, name: string, storage: Storage, rows: number, columns: number): Weight {
  const base = { name, storage, rows, columns };
  if (storage === 'f32') return { ...base, codes: g.frozen(name, [rows, columns]), scales: undefined };
  const codes = g.frozen(name, [rows, CODE_WORDS[storage](columns)], 'u32');
  return { ...base, codes, scales: storage === 'f16' ? undefined : frozenScales(g, name, storage, rows, columns) };
}

function frozenScales(g: Graph, name: string, storage: Storage, rows: number, columns: number): Value {
  const scale = `${name}.scale`;
  if (storage === 'int8-row') return g.frozen(scale, [rows]);
  if (storage === 'q8') return g.frozen(scale, [Math.ceil((rows * Math.ceil(columns / 32)) / 2)], 'u32');
  const N = rows * Math.ceil(columns / 64);
  if (storage === 'nf4') return g.frozen(scale, [N]);
  return g.frozen(scale, [doubleScaleHead(N) + Math.ceil(N / 4)], 'u32');
}

/** A LoRA factor in the place of a weight: `value` is (O,C) f32, trainable while it is trained, frozen while it is only used. */
export function factorWeight(value: Value): Weight {
  return {
    name: value.name,
    storage: 'f32',
    rows: value.shape[0]!,
    columns: value.shape[1]!,
    codes: value,
    scales: undefined,
  };
}
