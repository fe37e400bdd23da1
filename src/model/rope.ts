// Rotary positions: what config.json says of them, and the table of cosines and sines that the kernels read.
// The frequencies are transformers' (modeling_rope_utils.py), in f32 with torch's order of operations:
//
//   default   θ^(-2d/D)
//   linear    all slowed by `factor`                                              (kaiokendev, 2023)
//   dynamic   default up to the length of the training; longer rows are refused   (docs/architecture.md)
//   llama3    slow waves slowed by `factor`, fast ones kept, blended between      (Llama 3.1)
//   yarn      the same with a ramp over dimensions, and cos and sin scaled        (Peng et al., 2023)
//   longrope  each dimension slowed by a factor of its own, cos and sin scaled    (Ding et al., 2024)

import { type ConfigReader, MAX_CONTEXT, oneOf } from './config-reader.ts';

export type RopeScaling =
  | { readonly type: 'default' }
  | { readonly type: 'linear'; readonly factor: number }
  | { readonly type: 'dynamic'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      /** Wavelengths below context/high keep their speed, above context/low are slowed by `factor`. */
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalContextTokens: number;
    }
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      /** The ramp begins and ends at whole dimensions. */
      readonly truncate: boolean;
      readonly originalContextTokens: number;
    }
  | {
      readonly type: 'longrope';
      /** By pair of dimensions, for rows up to `originalContextTokens`. */
      readonly shortFactor: readonly number[];
      readonly originalContextTokens: number;
    };

export type RopeConfig = {
  /** Base of the frequencies. */
  readonly theta: number;
  /** Rows of each head that turn; an even number. */
  readonly rotary: number;
  /** cos and sin are multiplied by this. */
  readonly amplitude: number;
} & RopeScaling;

export interface RopeContext {
  /** D */
  readonly headDim: number;
  readonly contextTokens: number;
  readonly theta?: number;
  /** Share of a head that turns when the file does not say; undefined: all of it, and anything else is refused. */
  readonly partial?: number;
}

/** Reads `rope_parameters` (transformers 5), or `rope_theta` beside `rope_scaling` (nearly all files on the Hub). */
export function readRope(json: ConfigReader, context: RopeContext): RopeConfig {
  const modern = json.object('rope_parameters');
  const scaling = modern ?? json.object('rope_scaling');
  const partial =
    scaling?.value('partial_rotary_factor') ??
    json.value('partial_rotary_factor', 'rotary_pct') ??
    context.partial ??
    1;
  if (typeof partial !== 'number' || (context.partial === undefined && partial !== 1))
    throw json.bad('partial_rotary_factor', partial, context.partial === undefined ? '1' : 'a number');
  const theta = json.positive(['rope_theta', 'rotary_emb_base'], context.theta ?? 10_000);
  return ropeOf(scaling, json, { ...context, partial, theta });
}

/** One set of rope settings; `scaling` undefined is the default. `json`: the file, for what some models say there. */
export function ropeOf(
  scaling: ConfigReader | undefined,
  json: ConfigReader,
  context: Required<RopeContext>,
): RopeConfig {
  const { headDim, contextTokens, partial } = context;
  const rotary = Math.floor(headDim * partial);
  if (partial === 1 && headDim % 2 !== 0) throw json.bad('head_dim', headDim, 'an even number');
  if (rotary < 2 || rotary % 2 !== 0 || rotary > headDim)
    throw json.bad('partial_rotary_factor', partial, `an even number of the ${headDim} rows of a head`);
  const base = { theta: scaling?.positive('rope_theta', context.theta) ?? context.theta, rotary, amplitude: 1 };
  if (scaling === undefined) return { ...base, type: 'default' };
  const key = scaling.value('rope_type') === undefined ? 'type' : 'rope_type';
  const type = readType(scaling, key);
  if (type === 'default') return { ...base, type };
  if (type === 'linear' || type === 'dynamic') return { ...base, type, factor: scaling.positive('factor') };
  const original = json.size(
    'original_max_position_embeddings',
    scaling.size('original_max_position_embeddings', contextTokens, MAX_CONTEXT),
    MAX_CONTEXT,
  );
  if (type === 'llama3') {
    const [lowFreqFactor, highFreqFactor] = [scaling.positive('low_freq_factor'), scaling.positive('high_freq_factor')];
    if (highFreqFactor <= lowFreqFactor)
      throw scaling.bad('high_freq_factor', highFreqFactor, `more than low_freq_factor (${lowFreqFactor})`);
    return {
      ...base,
      type,
      factor: scaling.positive('factor'),
      lowFreqFactor,
      highFreqFactor,
      originalContextTokens: original,
    };
  }
  if (type === 'yarn') {
    const factor = scaling.positive('factor', contextTokens / original);
    return {
      ...base,
      type,
      factor,
      amplitude: scaling.positive('attention_factor', yarnAmplitude(factor, scaling)),
      betaFast: scaling.positive('beta_fast', 32),
      betaSlow: scaling.positive('beta_slow', 1),
      truncate: scaling.flag('truncate', true),
      originalContextTokens: original,
    };
  }
  const factor = scaling.positive('factor', contextTokens / original);
  const amplitude = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  scaling.numbers('long_factor', rotary / 2);
  return {
    ...base,
    type,
    amplitude: scaling.positive('attention_factor', amplitude),
    shortFactor: scaling.numbers('short_factor', rotary / 2),
    originalContextTokens: original,
  };
}

const TYPES = ['default', 'linear', 'dynamic', 'llama3', 'yarn', 'longrope'] as const;

function readType(scaling: ConfigReader, key: string): (typeof TYPES)[number] {
  // The first Phi-3 files say "su" for what has been called longrope since.
  if (scaling.value(key) === 'su') return 'longrope';
  const type = scaling.value(key) ?? 'default';
  const known = TYPES.find((name) => name === type);
  if (known === undefined) throw scaling.bad('rope_type', type, oneOf(TYPES));
  return known;
}

function yarnAmplitude(factor: number, scaling: ConfigReader): number {
  const amplitude = (mscale: number) => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1);
  const [mscale, all] = [scaling.value('mscale'), scaling.value('mscale_all_dim')];
  if (!mscale || !all) return amplitude(1);
  return amplitude(scaling.positive('mscale')) / amplitude(scaling.positive('mscale_all_dim'));
}

/** Tokens a row may have; undefined: any number. Where transformers would change frequencies by a row's length, we stop. */
export function ropeLimit(rope: RopeConfig, contextTokens: number): number | undefined {
  if (rope.type === 'dynamic') return contextTokens;
  return rope.type === 'longrope' ? rope.originalContextTokens : undefined;
}

const f = Math.fround;

/** Angle that a position turns dimension pair d by (rotary/2). */
export function ropeInverseFrequencies(rope: RopeConfig): Float32Array {
  const powers = Float32Array.from({ length: rope.rotary / 2 }, (_, d) => rope.theta ** f((2 * d) / rope.rotary));
  const frequencies = powers.map((power) => 1 / power);
  if (rope.type === 'linear') return frequencies.map((frequency) => frequency / rope.factor);
  if (rope.type === 'llama3') return frequencies.map((frequency) => llama3Frequency(frequency, rope));
  if (rope.type === 'yarn') return yarnFrequencies(powers, rope);
  if (rope.type === 'longrope') return powers.map((power, d) => 1 / f(f(rope.shortFactor[d]!) * power));
  return frequencies;
}

/** (rotary/2, positions, 2), row d = dimension pair: cosine and sine of the angle that f32 gives, each rounded once. */
export function ropeTurns(rope: RopeConfig, positions: number): Float32Array {
  const frequencies = ropeInverseFrequencies(rope);
  const turns = new Float32Array(2 * frequencies.length * positions);
  for (let d = 0; d < frequencies.length; d++) {
    for (let position = 0; position < positions; position++) {
      const angle = f(position * frequencies[d]!);
      const at = 2 * (d * positions + position);
      turns[at] = Math.cos(angle) * rope.amplitude;
      turns[at + 1] = Math.sin(angle) * rope.amplitude;
    }
  }
  return turns;
}

/** Long waves are slowed by `factor`, short ones kept, those between blended. Each line rounds where torch does. */
function llama3Frequency(frequency: number, rope: RopeConfig & { readonly type: 'llama3' }): number {
  const { factor, lowFreqFactor: low, highFreqFactor: high, originalContextTokens: context } = rope;
  const wave = f((2 * Math.PI) / frequency);
  if (wave > context / low) return f(frequency / factor);
  if (wave < context / high) return frequency;
  const smooth = f(f(f(context / wave) - low) / (high - low));
  return f(f(f(f(1 - smooth) * frequency) / factor) + f(smooth * frequency));
}

/** Dimensions that turn more than betaFast times in the original context are kept, below betaSlow slowed, a ramp between. */
function yarnFrequencies(powers: Float32Array, rope: RopeConfig & { readonly type: 'yarn' }): Float32Array {
  const { theta, rotary, factor, betaFast, betaSlow, truncate, originalContextTokens: context } = rope;
  const dimensionOf = (turns: number) => (rotary * Math.log(context / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [dimensionOf(betaFast), dimensionOf(betaSlow)];
  const low = Math.max(truncate ? Math.floor(first) : first, 0);
  const high = Math.min(truncate ? Math.ceil(last) : last, rotary - 1);
  const width = high === low ? 0.001 : high - low;
  return powers.map((power, d) => {
    const kept = f(1 - Math.min(1, Math.max(0, f(f(d - low) / width))));
    return f(f(1 / f(factor * power)) * f(1 - kept)) + f(f(1 / power) * kept);
  });
}
