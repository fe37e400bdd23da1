// What llama.cpp calls things → what Hugging Face calls them, one entry an architecture: names of tensors, settings as
// config.json has them, and where llama.cpp keeps rows in another order. A new architecture is a new entry.

import type { Settings } from './settings.ts';

type Json = Readonly<Record<string, unknown>>;

/** The row of the file that holds row `row` of Hugging Face's matrix. */
export type RowOrder = (row: number) => number;

export interface Architecture {
  /** `model_type` of Hugging Face for the models that llama.cpp has under this name. */
  readonly modelTypes: readonly string[];
  /** Path of a block; its number and a dot follow. */
  readonly blocks: string;
  /** Paths by llama.cpp's names (without ".weight" and ".bias") outside the blocks, and inside one. */
  readonly outside: Readonly<Record<string, string>>;
  readonly inside: Readonly<Record<string, string>>;
  /** config.json without what every architecture has (see `commonConfig`). Must ask for every key that it accepts. */
  config(settings: Settings, has: TensorCheck): Json;
  /** Orders of rows, by llama.cpp's names inside a block. */
  rowOrders?(config: Json): Readonly<Record<string, RowOrder>>;
}

/** True when a tensor of the file has a name like this. */
export type TensorCheck = (name: RegExp) => boolean;

const LLAMA_OUTSIDE = { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' };
const LLAMA_INSIDE = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

const llama: Architecture = {
  modelTypes: ['llama', 'mistral'],
  blocks: 'model.layers',
  outside: LLAMA_OUTSIDE,
  inside: LLAMA_INSIDE,
  config(settings, has) {
    settings.needSame('expert_count', 0);
    settings.needSame('expert_used_count', 0);
    settings.text('tensor_data_layout');
    return {
      model_type: 'llama',
      architectures: ['LlamaForCausalLM'],
      hidden_act: 'silu',
      rms_norm_eps: settings.needNumber('attention.layer_norm_rms_epsilon'),
      attention_bias: has(/^blk\.\d+\.attn_(q|k|v|output)\.bias$/),
      mlp_bias: has(/^blk\.\d+\.ffn_\w+\.bias$/),
      ...headDim(settings),
    };
  },
  rowOrders: (config) => ({
    attn_q: interleavedHalves(headSize(config)),
    attn_k: interleavedHalves(headSize(config)),
  }),
};

const qwen2: Architecture = {
  modelTypes: ['qwen2'],
  blocks: 'model.layers',
  outside: LLAMA_OUTSIDE,
  inside: LLAMA_INSIDE,
  config: (settings) => ({
    model_type: 'qwen2',
    architectures: ['Qwen2ForCausalLM'],
    hidden_act: 'silu',
    rms_norm_eps: settings.needNumber('attention.layer_norm_rms_epsilon'),
    ...headDim(settings),
  }),
};

const qwen3: Architecture = {
  ...qwen2,
  modelTypes: ['qwen3'],
  inside: { ...LLAMA_INSIDE, attn_q_norm: 'self_attn.q_norm', attn_k_norm: 'self_attn.k_norm' },
  config: (settings, has) => ({
    ...qwen2.config(settings, has),
    model_type: 'qwen3',
    architectures: ['Qwen3ForCausalLM'],
    attention_bias: has(/^blk\.\d+\.attn_(q|k|v|output)\.bias$/),
  }),
};

const gptneox: Architecture = {
  modelTypes: ['gpt_neox'],
  blocks: 'gpt_neox.layers',
  outside: { token_embd: 'gpt_neox.embed_in', output_norm: 'gpt_neox.final_layer_norm', output: 'embed_out' },
  inside: {
    attn_norm: 'input_layernorm',
    attn_qkv: 'attention.query_key_value',
    attn_output: 'attention.dense',
    ffn_norm: 'post_attention_layernorm',
    ffn_up: 'mlp.dense_h_to_4h',
    ffn_down: 'mlp.dense_4h_to_h',
  },
  config(settings) {
    const rotary = settings.needNumber('rope.dimension_count');
    const perHead = settings.needNumber('embedding_length') / settings.needNumber('attention.head_count');
    return {
      model_type: 'gpt_neox',
      architectures: ['GPTNeoXForCausalLM'],
      hidden_act: 'gelu',
      layer_norm_eps: settings.needNumber('attention.layer_norm_epsilon'),
      use_parallel_residual: settings.flag('use_parallel_residual') ?? true,
      rotary_pct: rotary / perHead,
      rotary_emb_base: settings.number('rope.freq_base') ?? 10_000,
    };
  },
  rowOrders(config) {
    const size = headSize(config);
    const hidden = config.hidden_size as number;
    // Hugging Face: [head][q k v][size] · llama.cpp: [q k v][head][size]
    const attn_qkv: RowOrder = (row) =>
      (Math.floor(row / size) % 3) * hidden + Math.floor(row / (3 * size)) * size + (row % size);
    return { attn_qkv };
  },
};

/** Its files hold matrices as they are used, Hugging Face's the other way round (Conv1D). */
const gpt2: Architecture = {
  modelTypes: ['gpt2'],
  blocks: 'transformer.h',
  outside: {
    token_embd: 'transformer.wte',
    position_embd: 'transformer.wpe',
    output_norm: 'transformer.ln_f',
    output: 'lm_head',
  },
  inside: {
    attn_norm: 'ln_1',
    attn_qkv: 'attn.c_attn',
    attn_output: 'attn.c_proj',
    ffn_norm: 'ln_2',
    ffn_up: 'mlp.c_fc',
    ffn_down: 'mlp.c_proj',
  },
  config: (settings) => ({
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    activation_function: 'gelu_new',
    n_embd: settings.needNumber('embedding_length'),
    n_layer: settings.needNumber('block_count'),
    n_head: settings.needNumber('attention.head_count'),
    n_inner: settings.needNumber('feed_forward_length'),
    n_positions: settings.needNumber('context_length'),
    layer_norm_epsilon: settings.needNumber('attention.layer_norm_epsilon'),
  }),
};

/** Its files hold the norms' 1 + w, Hugging Face's w. */
const gemma3: Architecture = {
  modelTypes: ['gemma3_text'],
  blocks: 'model.layers',
  outside: LLAMA_OUTSIDE,
  inside: {
    ...LLAMA_INSIDE,
    attn_q_norm: 'self_attn.q_norm',
    attn_k_norm: 'self_attn.k_norm',
    post_attention_norm: 'post_attention_layernorm',
    ffn_norm: 'pre_feedforward_layernorm',
    post_ffw_norm: 'post_feedforward_layernorm',
  },
  config(settings) {
    settings.needSame('attention.sliding_window_pattern', 6);
    settings.needSame('rope.freq_base_swa', 10_000);
    const { head_dim, ...rest } = headDim(settings) as { head_dim?: number };
    const [hidden, heads] = [settings.needNumber('embedding_length'), settings.needNumber('attention.head_count')];
    const size = head_dim ?? hidden / heads;
    return {
      ...rest,
      model_type: 'gemma3_text',
      architectures: ['Gemma3ForCausalLM'],
      hidden_activation: 'gelu_pytorch_tanh',
      head_dim: size,
      // As in llama.cpp: the 27B model alone, known by its layers, divides otherwise.
      query_pre_attn_scalar: settings.needNumber('block_count') === 62 ? hidden / heads : size,
      sliding_window: settings.needNumber('attention.sliding_window'),
      sliding_window_pattern: 6,
      rope_local_base_freq: 10_000,
      rms_norm_eps: settings.needNumber('attention.layer_norm_rms_epsilon'),
    };
  },
};

const phi3: Architecture = {
  modelTypes: ['phi3'],
  blocks: 'model.layers',
  outside: LLAMA_OUTSIDE,
  inside: {
    attn_norm: 'input_layernorm',
    attn_qkv: 'self_attn.qkv_proj',
    attn_output: 'self_attn.o_proj',
    ffn_norm: 'post_attention_layernorm',
    ffn_up: 'mlp.gate_up_proj',
    ffn_down: 'mlp.down_proj',
  },
  config: (settings) => ({
    model_type: 'phi3',
    architectures: ['Phi3ForCausalLM'],
    hidden_act: 'silu',
    rms_norm_eps: settings.needNumber('attention.layer_norm_rms_epsilon'),
    sliding_window: settings.number('attention.sliding_window') ?? null,
    original_max_position_embeddings: settings.number('rope.scaling.original_context_length') ?? null,
    ...headDim(settings),
  }),
};

/** By `general.architecture`. */
export const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  llama,
  qwen2,
  qwen3,
  gemma3,
  phi3,
  gpt2,
  gptneox,
};

/** llama.cpp's name for a model of Hugging Face's `model_type`, and its entry. */
export function architectureOf(modelType: string): readonly [name: string, Architecture] | undefined {
  return Object.entries(ARCHITECTURES).find(([, { modelTypes }]) => modelTypes.includes(modelType));
}

/** What config.json says in the same words for all of them. `vocab`: rows of the embedding. */
export function commonConfig(settings: Settings, vocab: number, has: TensorCheck): Record<string, unknown> {
  const heads = settings.needNumber('attention.head_count');
  const context = settings.needNumber('context_length');
  settings.number('vocab_size');
  settings.needSame('attention.causal', true);
  return {
    hidden_size: settings.needNumber('embedding_length'),
    num_hidden_layers: settings.needNumber('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: settings.number('attention.head_count_kv') ?? heads,
    intermediate_size: settings.needNumber('feed_forward_length'),
    max_position_embeddings: context,
    vocab_size: vocab,
    rope_theta: settings.number('rope.freq_base') ?? 10_000,
    rope_scaling: ropeScaling(settings),
    tie_word_embeddings: !has(/^output\.weight$/),
  };
}

/** null, or config.json's object; kinds that are not built are refused by whoever reads config.json. */
function ropeScaling(settings: Settings): Json | null {
  const type = settings.text('rope.scaling.type') ?? 'none';
  const factor = settings.number('rope.scaling.factor') ?? settings.number('rope.scale_linear') ?? 1;
  const context = settings.number('rope.scaling.original_context_length');
  settings.flag('rope.scaling.finetuned');
  if (type === 'none' || (type === 'linear' && factor === 1)) return null;
  return { rope_type: type, factor, ...(context && { original_max_position_embeddings: context }) };
}

/** head_dim where it is told, and the part of it that turns. */
function headDim(settings: Settings): Json {
  const told = settings.number('attention.key_length');
  const perHead = told ?? settings.needNumber('embedding_length') / settings.needNumber('attention.head_count');
  settings.needSame('attention.value_length', perHead);
  const rotary = settings.number('rope.dimension_count') ?? perHead;
  return { ...(told && { head_dim: told }), ...(rotary !== perHead && { partial_rotary_factor: rotary / perHead }) };
}

function headSize(config: Json): number {
  const { head_dim, hidden_size, num_attention_heads } = config as Record<string, number>;
  return head_dim ?? hidden_size! / num_attention_heads!;
}

/**
 * Hugging Face turns dimension i of a head with i + D/2, llama.cpp's Llama 2i with 2i + 1: its file holds the rows of a
 * head as the first half, dealt out with the second.
 */
function interleavedHalves(size: number): RowOrder {
  return (row) => {
    const inHead = row % size;
    return row - inHead + 2 * (inHead % (size / 2)) + (inHead < size / 2 ? 0 : 1);
  };
}
