// The largest of many scores, and weights beside the largest: what is done to all logits (V) for every token. With V of 49,152 to
// 262,144 an iterator's call or a sort costs more than the token's pass on a GPU, so these are plain loops.

/** exp(NEGLIGIBLE) times a vocabulary is less than an f64 keeps of 1. */
const NEGLIGIBLE = -50;

/** exp((score - largest) / temperature), 0 where that is below e^-50. */
export function relativeWeights(scores: Float32Array, temperature = 1): Float64Array {
  const max = scores[argmax(scores)]!;
  const weights = new Float64Array(scores.length);
  for (let i = 0; i < scores.length; i++) {
    const x = (scores[i]! - max) / temperature;
    if (x > NEGLIGIBLE) weights[i] = Math.exp(x);
  }
  return weights;
}

/** The largest score, and the sum of what `relativeWeights` makes of them, without a place for each. */
export function sumOfWeights(scores: Float32Array): { readonly max: number; readonly sum: number } {
  const max = scores[argmax(scores)]!;
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    const x = scores[i]! - max;
    if (x > NEGLIGIBLE) sum += Math.exp(x);
  }
  return { max, sum };
}

/** The index of the largest; of equal ones the lowest. */
export function argmax(scores: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
  return best;
}

/** The `count` largest, largest first; of equal ones the lower index. */
export function largest(scores: ArrayLike<number>, count: number): { readonly at: number; readonly value: number }[] {
  const best: { at: number; value: number }[] = [];
  if (count < 1) return best;
  let least = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) {
    const value = scores[i]!;
    if (best.length === count && value <= least) continue;
    let at = best.length;
    while (at > 0 && best[at - 1]!.value < value) at--;
    best.splice(at, 0, { at: i, value });
    if (best.length > count) best.pop();
    least = best.at(-1)!.value;
  }
  return best;
}
