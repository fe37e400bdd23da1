// How likely a model finds its own words: softmax over logits (V), without temperature or whatever else sampling does.

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
  let max = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > max) max = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  const probability = (of: number) => Math.exp(logits[of]! - max) / sum;
  return {
    probability: probability(id),
    likeliest: largest(logits, count).map((of) => ({ id: of, probability: probability(of) })),
  };
}

/** Indices of the `count` largest logits, largest first; of equal ones the lower index. */
function largest(logits: Float32Array, count: number): number[] {
  const best: number[] = [];
  if (count < 1) return best;
  for (let i = 0; i < logits.length; i++) {
    if (best.length === count && logits[i]! <= logits[best.at(-1)!]!) continue;
    let at = best.length;
    while (at > 0 && logits[best[at - 1]!]! < logits[i]!) at--;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
  }
  return best;
}
