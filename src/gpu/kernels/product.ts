// What the forward and the backward product have in common: the choice of a variant and its grid.

import type { Value } from '../graph.ts';
import type { Traits } from '../traits.ts';
import type { Weight } from '../weight.ts';

export interface ProductVariant {
  readonly file: string;
  readonly overrides: Readonly<Record<string, number>>;
  readonly grid: readonly [number, number, number];
}

/** `rows` × T results: the variant of `stem` for this device. */
export function productGrid(traits: Traits, stem: 'matmul' | 'matmul-backward', rows: number, T: number): ProductVariant {
  void traits;
  const WG = 8;
  return { file: `${stem}-registers`, overrides: { WG }, grid: [Math.ceil(T / (16 * WG)), Math.ceil(rows / 8), 1] };
}

export function weightBindings(weight: Weight): Record<string, Value> {
  return weight.scales === undefined ? { codes: weight.codes } : { codes: weight.codes, scales: weight.scales };
}

export function checkProduct(label: string, name: string, value: Value, shape: readonly [number, number]): void {
  const [rows, T] = value.shape;
  if (value.shape.length !== 2 || rows !== shape[0] || T !== shape[1] || T % 4 !== 0)
    throw new TypeError(`Cannot multiply "${label}": found ${name} of shape ${value.shape}, need ${shape} with T a multiple of 4`);
}
