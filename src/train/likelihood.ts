// How likely a model finds its own words: softmax over logits (V), without temperature or whatever else sampling does.

import { largest, sumOfWeights } from './largest.ts';

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
  const { max, sum } = sumOfWeights(logits);
  const probabilityOf = (at: number) => Math.exp(logits[at]! - max) / sum;
  return {
    probability: probabilityOf(id),
    likeliest: largest(logits, count).map(({ at }) => ({ id: at, probability: probabilityOf(at) })),
  };
}
