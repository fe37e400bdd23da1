// Logits → token id on the host, from a seeded generator. The steps and their order are transformers': repetition penalty,
// temperature, top-k, top-p, min-p.

import { argmax, largest, relativeWeights } from './largest.ts';

export interface SamplingSettings {
  /** 0 = greedy. */
  readonly temperature: number;
  /** Only the so many likeliest tokens; 0, or absent, = all. */
  readonly topK?: number | undefined;
  /** Smallest set of tokens whose probability reaches this; 1 = all (Holtzman et al. 2020). */
  readonly topP: number;
  /** Only tokens with this share of the likeliest one's probability; 0, or absent, = all (Nguyen et al. 2024). */
  readonly minP?: number | undefined;
  /** Above 1, tokens that stand in the prompt or the answer already become less likely; absent, = 1 (Keskar et al. 2019). */
  readonly repetitionPenalty?: number | undefined;
  readonly seed: number;
}

/** Chooses the next token of answer `row`, its `step`-th. `seen`: ids of its prompt and of what it has said. */
export type Sampler = (logits: Float32Array, row: number, step: number, seen?: ReadonlySet<number>) => number;

/** Answers do not disturb each other's luck: a choice depends on seed, row and step alone. Throws a RangeError for settings that mean nothing. */
export function makeSampler(settings: SamplingSettings): Sampler {
  checkSampling(settings);
  return (logits, row, step, seen) => {
    if (settings.temperature === 0) return argmax(penalise(logits, settings.repetitionPenalty, seen));
    return pick(tokenWeights(logits, settings, seen), uniform(settings.seed, row, step));
  };
}

/** Whether a sampler wants to know what was said. */
export function needsSeen({ repetitionPenalty = 1 }: SamplingSettings): boolean {
  return repetitionPenalty !== 1;
}

function checkSampling(settings: SamplingSettings): void {
  const { temperature, topK = 0, topP, minP = 0, repetitionPenalty = 1 } = settings;
  const check = (isGood: boolean, name: string, found: number, need: string) => {
    if (!isGood) throw new RangeError(`Cannot generate with ${name} ${found}: need ${need}`);
  };
  check(temperature >= 0 && Number.isFinite(temperature), 'temperature', temperature, 'a number from 0 (greedy)');
  check(Number.isInteger(topK) && topK >= 0, 'top-k', topK, 'a whole number from 0 (all tokens)');
  check(topP > 0 && topP <= 1, 'top-p', topP, 'a number above 0, at most 1 (all tokens)');
  check(minP >= 0 && minP <= 1, 'min-p', minP, 'a number from 0 (all tokens) to 1');
  const penalty = repetitionPenalty;
  check(penalty > 0 && Number.isFinite(penalty), 'repetition penalty', penalty, 'a number above 0 (1 changes nothing)');
}

function penalise(logits: Float32Array, penalty = 1, seen?: ReadonlySet<number>): Float32Array {
  if (penalty === 1 || seen === undefined) return logits;
  const scores = logits.slice();
  for (const id of seen) scores[id] = scores[id]! < 0 ? scores[id]! * penalty : scores[id]! / penalty;
  return scores;
}

/**
 * What is drawn from (V), at a `temperature` above 0: exp((score - largest) / temperature), 0 for tokens that are out. Equal tokens at
 * a border are all in.
 */
export function tokenWeights(
  logits: Float32Array,
  settings: SamplingSettings,
  seen?: ReadonlySet<number>,
): Float64Array {
  const { temperature, topK = 0, topP, minP = 0, repetitionPenalty } = settings;
  const weights = relativeWeights(penalise(logits, repetitionPenalty, seen), temperature);
  // The smallest weight that is in.
  let least = 0;
  if (topK > 0 && topK < weights.length) least = largest(weights, topK).at(-1)!.value;
  if (topP < 1) least = Math.max(least, nucleus(weights, least, topP));
  least = Math.max(least, minP);
  if (least > 0) for (let i = 0; i < weights.length; i++) if (weights[i]! < least) weights[i] = 0;
  return weights;
}

/** The smallest weight of the nucleus among those of `weights` from `least` on. */
function nucleus(weights: Float64Array, least: number, topP: number): number {
  let all = 0;
  for (let i = 0; i < weights.length; i++) if (weights[i]! >= least) all += weights[i]!;
  // What lies below has less than 1 - topP together, so it is outside whatever its order: few are left to be sorted.
  const floor = Math.max(least, ((1 - topP) * all) / weights.length);
  const ascending = weights.filter((w) => w >= floor).sort();
  let mass = 0;
  for (let i = ascending.length - 1; i >= 0; i--) {
    mass += ascending[i]!;
    if (mass >= topP * all) return ascending[i]!;
  }
  return floor;
}

/** The index that `u` in [0,1) falls on. */
function pick(weights: Float64Array, u: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]!;
  let left = u * sum;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    left -= weights[i]!;
    if (left < 0) return i;
  }
  return last;
}

/** A number in [0,1) that depends on nothing but its arguments (the finaliser of MurmurHash3 over them). */
function uniform(seed: number, row: number, step: number): number {
  let h = (seed ^ Math.imul(row + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca77)) >>> 0;
  for (const k of [0x85ebca6b, 0xc2b2ae35]) h = Math.imul(h ^ (h >>> 15), k) >>> 0;
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
