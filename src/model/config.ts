// config.json of a Hugging Face folder → what the rest needs to know of a model, in our letters. Reads both spellings:
// transformers 5 (`rope_parameters`, `dtype`) and the one of nearly all files on the Hub (`rope_theta`, `rope_scaling`).
// What is common to all families is read here, the rest by the family (families/*.ts). A setting that would change the
// numbers and is not built here is refused by name: a model that opens is right.

import { isReadableQuantization } from './bitsandbytes.ts';
import { ConfigReader, oneOf } from './config-reader.ts';
import { FAMILIES } from './families/by-model-type.ts';
import { type RopeConfig, ropeLimit } from './rope.ts';

/** What all families have. */
export interface ModelConfig {
  /** `model_type` of config.json. */
  readonly family: string;
  /** C */
  readonly hidden: number;
  /** L */
  readonly layers: number;
  /** H */
  readonly heads: number;
  /** K, a divisor of H */
  readonly kvHeads: number;
  /** D; H·D need not be C */
  readonly headDim: number;
  /** F */
  readonly ffn: number;
  /** V */
  readonly vocab: number;
  /** Added to the variance in every norm. */
  readonly normEps: number;
  /** Rotary tables that layers choose from; none for models with other positions. */
  readonly ropes: readonly RopeConfig[];
  /** The head is the embedding. */
  readonly tied: boolean;
  /** Tokens of a row that the model was made for. */
  readonly contextTokens: number;
  /** Tokens beyond which the model has no positions, or others; undefined: none. */
  readonly maxTokens: number | undefined;
  readonly bos: number | undefined;
  /** All ids that end generation: generation_config.json's first, then config.json's. */
  readonly eos: readonly number[];
  readonly pad: number | undefined;
}

/** What a family reads itself; the rest of ModelConfig has the same spelling everywhere. */
export type FamilyConfig<C extends ModelConfig> = Omit<C, 'family' | 'bos' | 'eos' | 'pad' | 'maxTokens'> &
  Partial<Pick<C, 'maxTokens'>>;

/** Carried by models that are built on a family here without being one of it. */
const REFUSED = [
  'is_encoder_decoder',
  'add_cross_attention',
  'use_bidirectional_attention',
  'attn_logit_softcapping',
  'final_logit_softcapping',
  'logit_scale',
  'logits_scaling',
  'residual_multiplier',
  'embedding_multiplier',
  'attention_multiplier',
  'num_experts',
  'num_local_experts',
  'no_rope_layers',
  'rope_interleaved',
  'pruned_heads',
];

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads config.json, and generation_config.json for the ids that end a turn.
 * Throws a RangeError that names the field, what was found and what works.
 */
export function parseConfig(json: Json, generationJson: Json = {}): ModelConfig {
  const reader = new ConfigReader(json);
  const type = reader.value('model_type');
  const family = typeof type === 'string' ? FAMILIES.get(type) : undefined;
  if (family === undefined) throw reader.bad('model_type', type, oneOf([...FAMILIES.keys()]));
  const architectures = reader.value('architectures');
  const architecture = Array.isArray(architectures) ? (architectures[0] ?? family.architecture) : family.architecture;
  if (architecture !== family.architecture) throw reader.bad('architectures', architecture, `"${family.architecture}"`);
  reader.refuse(...REFUSED);
  if (!isReadableQuantization(json.quantization_config)) reader.refuse('quantization_config');
  const config = family.parseConfig(reader);
  const { headDim, heads, kvHeads, hidden } = config;
  if (!Number.isInteger(headDim))
    throw reader.bad('head_dim', headDim, `a whole number from 1 (is hidden_size ${hidden} a multiple of ${heads}?)`);
  if (heads % kvHeads !== 0)
    throw reader.bad('num_key_value_heads', kvHeads, `a divisor of the ${heads} attention heads`);
  const limits = config.ropes.map((rope) => ropeLimit(rope, config.contextTokens)).filter((n) => n !== undefined);
  const generation = new ConfigReader(generationJson);
  const maxTokens = config.maxTokens ?? (limits.length > 0 ? Math.min(...limits) : undefined);
  return {
    ...config,
    contextTokens: Math.min(config.contextTokens, maxTokens ?? config.contextTokens),
    maxTokens,
    family: type as string,
    bos: reader.tokenIds('bos_token_id')[0],
    eos: [...new Set([...generation.tokenIds('eos_token_id'), ...reader.tokenIds('eos_token_id')])],
    pad: reader.tokenIds('pad_token_id')[0],
  };
}
