// Settings of a model → the values of a GGUF header that describe it: architectures.ts backwards. Nothing is assumed to fit:
// whoever writes a file reads this header again and compares (write-model.ts).

import type { ModelConfig } from '../config.ts';
import type { RopeConfig } from '../rope.ts';
import type { GgufMetadata, TypedValue } from './write-gguf.ts';

/** What some families have beside the rest. */
interface FamilySettings extends ModelConfig {
  readonly windows?: readonly (number | undefined)[];
  readonly isParallel?: boolean;
}

const u32 = (value: number): TypedValue => ({ type: 'u32', value });
const f32 = (value: number): TypedValue => ({ type: 'f32', value });

/** Architectures with LayerNorm; the others have RMSNorm. */
const LAYER_NORM = new Set(['gpt2', 'gptneox']);
/** Architectures whose files say how wide the window is; which layers have one is a rule of the architecture. */
const WINDOWED = new Set(['gemma3', 'phi3']);

/** Values "<architecture>.…" for llama.cpp's `architecture`. */
export function modelMetadata(config: ModelConfig, architecture: string): GgufMetadata {
  const { windows, isParallel } = config as FamilySettings;
  const { hidden, heads, headDim, ropes } = config;
  const window = windows?.find((tokens) => tokens !== undefined);
  const [rope] = ropes;
  const values: Record<string, TypedValue | undefined> = {
    block_count: u32(config.layers),
    context_length: u32(config.contextTokens),
    embedding_length: u32(hidden),
    feed_forward_length: u32(config.ffn),
    'attention.head_count': u32(heads),
    'attention.head_count_kv': u32(config.kvHeads),
    [`attention.layer_norm_${LAYER_NORM.has(architecture) ? '' : 'rms_'}epsilon`]: f32(config.normEps),
    vocab_size: u32(config.vocab),
    ...(rope && {
      'rope.freq_base': f32(rope.theta),
      'rope.dimension_count': u32(rope.rotary),
      ...ropeScaling(rope),
    }),
    ...(headDim * heads !== hidden || architecture === 'gemma3'
      ? { 'attention.key_length': u32(headDim), 'attention.value_length': u32(headDim) }
      : {}),
    use_parallel_residual: isParallel === undefined ? undefined : { type: 'bool', value: isParallel },
    'attention.sliding_window': WINDOWED.has(architecture) && window !== undefined ? u32(window) : undefined,
  };
  const named = Object.entries(values).flatMap(([key, value]) => (value ? [[`${architecture}.${key}`, value]] : []));
  return Object.fromEntries(named);
}

/** Llama 3's slowed waves are no value but a tensor (rope-factors.ts). */
function ropeScaling(rope: RopeConfig): Record<string, TypedValue> {
  if (rope.type !== 'linear' && rope.type !== 'yarn') return {};
  return {
    'rope.scaling.type': { type: 'text', value: rope.type },
    'rope.scaling.factor': f32(rope.factor),
    ...(rope.type === 'yarn' && { 'rope.scaling.original_context_length': u32(rope.originalContextTokens) }),
  };
}
