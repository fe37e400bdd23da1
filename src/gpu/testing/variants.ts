// What kernel tests have in common: the variants of a shader that one machine can run, and the rounding to expect.

import type { Traits } from '../traits.ts';

/**
 * Traits that make the kernels choose another shader than this machine would get. What is written for subgroups of 4 runs in wider
 * ones too, where the other lanes are idle.
 */
export const VARIANTS: readonly { readonly name: string; readonly traits: Partial<Traits> }[] = [
  { name: 'a CPU', traits: { kind: 'cpu' } },
  { name: 'a CPU with subgroups of 4', traits: { kind: 'cpu', subgroupSize: 4 } },
  { name: 'a GPU', traits: { kind: 'gpu' } },
];

/** A driver on a busy CPU compiles one shader in about a second. */
export const TIMEOUT = 240_000;

/** Of an f32 sum of n products of order 1, relative to the largest result: about ε·√n, with a margin of 8. */
export const rounding = (n: number): number => 8 * 2 ** -24 * Math.sqrt(n) + 1e-6;
