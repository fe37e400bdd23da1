import { type SamplingSettings, tokenWeights } from '../sample.ts';

/** The distribution (V) that a sampler draws from; `temperature` above 0. */
export function tokenProbabilities(
  logits: Float32Array,
  settings: SamplingSettings,
  seen?: ReadonlySet<number>,
): Float64Array {
  const weights = tokenWeights(logits, settings, seen);
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
}
