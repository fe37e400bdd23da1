// config.json of a Hugging Face folder → what the rest needs to know of a model, in our letters. Reads both spellings:
// transformers 5 (`rope_parameters`, `dtype`) and the one of nearly all files on the Hub (`rope_theta`, `rope_scaling`).
// A setting that would change the numbers and is not built here is refused by name: a model that opens is right.

import { isObject } from './model-file.ts';

export interface RopeConfig {
  readonly type: 'default' | 'linear' | 'llama3';
  readonly theta: number;
  /** Positions are as if divided by this; 1 for `default`. */
  readonly factor: number;
  /** `llama3` only: wavelengths below context/high keep their speed, above context/low are slowed by `factor`. */
  readonly lowFreqFactor: number;
  readonly highFreqFactor: number;
  readonly originalContextTokens: number;
}

export interface ModelConfig {
  readonly family: 'llama';
  /** C */
  readonly hidden: number;
  /** L */
  readonly layers: number;
  /** H */
  readonly heads: number;
  /** K, a divisor of H */
  readonly kvHeads: number;
  /** D, even; H·D need not be C */
  readonly headDim: number;
  /** F */
  readonly ffn: number;
  /** V */
  readonly vocab: number;
  readonly rmsEps: number;
  readonly rope: RopeConfig;
  /** lm_head is the embedding. */
  readonly tied: boolean;
  readonly contextTokens: number;
  readonly bos: number | undefined;
  /** All ids that end generation: generation_config.json's first, then config.json's. */
  readonly eos: readonly number[];
  readonly pad: number | undefined;
  /** Biases on q, k, v and o. */
  readonly attentionBias: boolean;
  /** Biases on gate, up and down. */
  readonly mlpBias: boolean;
  readonly hiddenAct: 'silu';
}

/** Model types that open; each is one file of families/. */
export const MODEL_TYPES = ['llama'] as const;

/** No dimension of a language model comes near; stops a broken config before it becomes a buffer size. */
const MAX_SIZE = 2 ** 20;
const MAX_LAYERS = 512;
/** Contexts are promises, not buffers: up to 10 million tokens are advertised. */
const MAX_CONTEXT = 2 ** 24;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads config.json, and generation_config.json for the ids that end a turn.
 * Throws a RangeError that names the field, what was found and what works.
 */
export function parseConfig(json: Json, generationJson: Json = {}): ModelConfig {
  refuseOtherModels(json);
  const hidden = size(json, 'hidden_size');
  const heads = size(json, 'num_attention_heads');
  const headDim = size(json, 'head_dim', hidden / heads);
  const kvHeads = size(json, 'num_key_value_heads', heads);
  if (headDim % 2 !== 0) throw bad('head_dim', headDim, 'an even number');
  if (heads % kvHeads !== 0) throw bad('num_key_value_heads', kvHeads, `a divisor of the ${heads} attention heads`);
  const contextTokens = size(json, 'max_position_embeddings', 2048, MAX_CONTEXT);
  const tied = flag(json, 'tie_word_embeddings', false);
  return {
    family: 'llama',
    hidden,
    layers: size(json, 'num_hidden_layers', undefined, MAX_LAYERS),
    heads,
    kvHeads,
    headDim,
    ffn: size(json, 'intermediate_size'),
    vocab: size(json, 'vocab_size'),
    rmsEps: positive(json, 'rms_norm_eps', 1e-6),
    rope: parseRope(json, contextTokens),
    tied,
    contextTokens,
    bos: tokenIds(json, 'bos_token_id')[0],
    eos: [...new Set([...tokenIds(generationJson, 'eos_token_id'), ...tokenIds(json, 'eos_token_id')])],
    pad: tokenIds(json, 'pad_token_id')[0],
    attentionBias: flag(json, 'attention_bias', false),
    mlpBias: flag(json, 'mlp_bias', false),
    hiddenAct: 'silu',
  };
}

/** Angle a position turns dimension pair d by (D/2), in f32 with torch's order of operations. */
export function ropeInverseFrequencies({ rope, headDim }: Pick<ModelConfig, 'rope' | 'headDim'>): Float32Array {
  const f = Math.fround;
  const frequencies = Float32Array.from({ length: headDim / 2 }, (_, d) => 1 / f(rope.theta ** f((2 * d) / headDim)));
  if (rope.type === 'linear') return frequencies.map((frequency) => frequency / rope.factor);
  if (rope.type === 'llama3') return frequencies.map((frequency) => llama3Frequency(frequency, rope));
  return frequencies;
}

/** cos and sin (D/2, positions), row d = dimension pair, of the angle that f32 gives, each rounded once. */
export function ropeTables(
  config: Pick<ModelConfig, 'rope' | 'headDim'>,
  positions: number,
): { readonly cos: Float32Array; readonly sin: Float32Array } {
  const frequencies = ropeInverseFrequencies(config);
  const cos = new Float32Array(frequencies.length * positions);
  const sin = new Float32Array(frequencies.length * positions);
  for (let d = 0; d < frequencies.length; d++) {
    for (let position = 0; position < positions; position++) {
      const angle = Math.fround(position * frequencies[d]!);
      cos[d * positions + position] = Math.cos(angle);
      sin[d * positions + position] = Math.sin(angle);
    }
  }
  return { cos, sin };
}

/** Long waves are slowed by `factor`, short ones kept, those between blended. Each line rounds where torch does. */
function llama3Frequency(frequency: number, rope: RopeConfig): number {
  const f = Math.fround;
  const { factor, lowFreqFactor: low, highFreqFactor: high, originalContextTokens: context } = rope;
  const wave = f((2 * Math.PI) / frequency);
  if (wave > context / low) return f(frequency / factor);
  if (wave < context / high) return frequency;
  const smooth = f(f(f(context / wave) - low) / (high - low));
  return f(f(f(f(1 - smooth) * frequency) / factor) + f(smooth * frequency));
}

function parseRope(json: Json, contextTokens: number): RopeConfig {
  // transformers 5 writes one object; older files have the base beside a `rope_scaling` that may be null.
  const modern = isObject(json.rope_parameters);
  const name = modern ? 'rope_parameters' : 'rope_scaling';
  const scaling = json[name] ?? {};
  if (!isObject(scaling)) throw bad(name, scaling, 'an object');
  const type = scaling.rope_type ?? scaling.type ?? 'default';
  if (type !== 'default' && type !== 'linear' && type !== 'llama3') {
    throw bad(`${name}.rope_type`, type, '"default", "linear" or "llama3"');
  }
  const partial = scaling.partial_rotary_factor ?? json.partial_rotary_factor ?? 1;
  if (partial !== 1) throw bad('partial_rotary_factor', partial, '1');
  const field = (key: string, fallback?: number) => positive(scaling, key, fallback, `${name}.${key}`);
  const isLlama3 = type === 'llama3';
  const rope = {
    type,
    theta: scaling.rope_theta === undefined ? positive(json, 'rope_theta', 10_000) : field('rope_theta'),
    factor: type === 'default' ? 1 : field('factor'),
    lowFreqFactor: isLlama3 ? field('low_freq_factor') : 1,
    highFreqFactor: isLlama3 ? field('high_freq_factor') : 1,
    originalContextTokens: isLlama3 ? field('original_max_position_embeddings', contextTokens) : contextTokens,
  } as const;
  if (isLlama3 && rope.highFreqFactor <= rope.lowFreqFactor) {
    throw bad(`${name}.high_freq_factor`, rope.highFreqFactor, `more than low_freq_factor (${rope.lowFreqFactor})`);
  }
  return rope;
}

function refuseOtherModels(json: Json): void {
  const type = json.model_type;
  if (!MODEL_TYPES.some((known) => known === type)) throw bad('model_type', type, oneOf(MODEL_TYPES));
  const architecture = Array.isArray(json.architectures)
    ? (json.architectures[0] ?? 'LlamaForCausalLM')
    : 'LlamaForCausalLM';
  if (architecture !== 'LlamaForCausalLM') throw bad('architectures', architecture, '"LlamaForCausalLM"');
  const activation = json.hidden_act ?? 'silu';
  if (activation !== 'silu') throw bad('hidden_act', activation, '"silu"');
  // Not in Llama's own configuration, but derived models carry them, and each one changes the result.
  for (const key of ['sliding_window', 'quantization_config', 'layer_types', 'no_rope_layers', 'logit_scale']) {
    if (json[key] !== undefined && json[key] !== null) throw bad(key, json[key], 'a model without it');
  }
}

/** A whole number from 1 to `max`. */
function size(json: Json, key: string, fallback?: number, max: number = MAX_SIZE): number {
  const value = json[key] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw bad(key, value, `a whole number from 1 to ${max}`);
}

function positive(json: Json, key: string, fallback?: number, label: string = key): number {
  const value = json[key] ?? fallback;
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw bad(label, value, 'a number above 0');
}

function flag(json: Json, key: string, fallback: boolean): boolean {
  const value = json[key] ?? fallback;
  if (typeof value === 'boolean') return value;
  throw bad(key, value, 'true or false');
}

/** One id, several, or none. */
function tokenIds(json: Json, key: string): number[] {
  const value = json[key] ?? [];
  const ids: unknown[] = Array.isArray(value) ? value : [value];
  if (ids.every((id): id is number => Number.isInteger(id) && (id as number) >= 0)) return ids;
  // Old Llama files say -1 for "no pad token".
  if (value === -1) return [];
  throw bad(key, value, 'token ids from 0');
}

function oneOf(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(' or ');
}

function bad(key: string, found: unknown, need: string): RangeError {
  const shown = found === undefined ? `no ${key}` : `${key} ${JSON.stringify(found).slice(0, 100)}`;
  return new RangeError(`Cannot open "config.json": found ${shown}, need ${need}`);
}
