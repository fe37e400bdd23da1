// A matrix W (O,C) as a product reads it: frozen and quantised, frozen f32, or a trainable LoRA factor.
// Shaders see it through one of the parts weight-<storage>.wgsl, all of which offer
//   fn weight4(row: u32, c4: u32) -> vec4<f32>     W[row, 4·c4 … 4·c4+3], dequantised; columns ≥ C are 0

import type { Graph, Value } from './graph.ts';

/**
 * How the numbers lie in memory (little-endian, row by row):
 *   f32       codes (O·C) f32
 *   q8        codes (O·⌈C/4⌉) u32, four int8 along C each; scales ⌈O·⌈C/32⌉/2⌉ u32, two f16 each, group g of row o at o·⌈C/32⌉+g
 *   int8-row  codes as q8; scales (O) f32
 */
export type Storage = 'f32' | 'q8' | 'int8-row';

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

export function frozenWeight(g: Graph, name: string, storage: Storage, rows: number, columns: number): Weight {
  const base = { name, storage, rows, columns };
  if (storage === 'f32') return { ...base, codes: g.frozen(name, [rows, columns]), scales: undefined };
  const codes = g.frozen(name, [rows, Math.ceil(columns / 4)], 'u32');
  if (storage === 'int8-row') return { ...base, codes, scales: g.frozen(`${name}.scale`, [rows]) };
  return {
    ...base,
    codes,
    scales: g.frozen(`${name}.scale`, [Math.ceil((rows * Math.ceil(columns / 32)) / 2)], 'u32'),
  };
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
