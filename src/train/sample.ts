// Logits → token id on the host: greedy, or temperature with top-p, from a seeded generator.

export interface SamplingSettings {
  /** 0 = greedy. */
  readonly temperature: number;
  /** Smallest set of tokens whose probability reaches this; 1 = all. */
  readonly topP: number;
  readonly seed: number;
}

/** A function of logits (V), the answer's index and the token's number, so that answers do not disturb each other's luck. */
export function makeSampler({
  temperature,
  topP,
  seed,
}: SamplingSettings): (logits: Float32Array, row: number, step: number) => number {
  if (temperature <= 0) return (logits) => argmax(logits);
  return (logits, row, step) => sampleTopP(softmax(logits, temperature), topP, uniform(seed, row, step));
}

export function argmax(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

/** softmax(logits / temperature) in f64. */
export function softmax(logits: Float32Array, temperature: number): Float64Array {
  const max = logits[argmax(logits)]!;
  const out = Float64Array.from(logits, (x) => Math.exp((x - max) / temperature));
  const sum = out.reduce((a, b) => a + b, 0);
  return out.map((x) => x / sum);
}

/** Nucleus sampling (Holtzman et al. 2020): the token that `u` in [0,1) falls on among the most probable ones. */
export function sampleTopP(probabilities: Float64Array, topP: number, u: number): number {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]!);
  let mass = 0;
  let count = 0;
  while (count < order.length && (count === 0 || mass < topP)) mass += probabilities[order[count++]!]!;
  let left = u * mass;
  for (let i = 0; i < count; i++) {
    left -= probabilities[order[i]!]!;
    if (left < 0) return order[i]!;
  }
  return order[count - 1]!;
}

/** A number in [0,1) that depends on nothing but its arguments (the finaliser of MurmurHash3 over them). */
function uniform(seed: number, row: number, step: number): number {
  let h = (seed ^ Math.imul(row + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca77)) >>> 0;
  for (const k of [0x85ebca6b, 0xc2b2ae35]) h = Math.imul(h ^ (h >>> 15), k) >>> 0;
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
