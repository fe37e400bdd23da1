// How likely a model finds its own words: softmax over logits (V), without temperature or whatever else sampling does.

import { largest, relativeWeights } from './largest.ts';

export interface Likelihood {
  readonly id: number;
  readonly probability: number;
}

/** The probability of `id` and the `count` likeliest tokens, best first. */
export function judge(
  logits: Float32Array,
  id: number,
  count: number,
): { readonly probability: number; readonly likeliest: readonly Likelihood[] } {
  const weights = relativeWeights(logits);
  let sum = 0;
  for (const w of weights) sum += w;
  return {
    probability: weights[id]! / sum,
    likeliest: largest(logits, count).map(({ at }) => ({ id: at, probability: weights[at]! / sum })),
  };
}
