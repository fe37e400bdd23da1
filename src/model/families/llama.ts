// Llama 1, 2, 3 and models built like them (SmolLM2, TinyLlama, Scion): pre-norm blocks, rotary positions, grouped heads,
// SwiGLU, mostly no biases. Module paths are those of Hugging Face's LlamaForCausalLM, so PEFT's names fit as they are.

import type { ModelConfig } from '../config.ts';
import { MAX_CONTEXT, MAX_LAYERS } from '../config-reader.ts';
import { readRope } from '../rope.ts';
import { type Family, IA3_KEY_VALUE, QUERY_AND_VALUE } from './family.ts';

interface LlamaConfig extends ModelConfig {
  /** Biases on q, k, v and o. */
  readonly attentionBias: boolean;
  /** Biases on gate, up and down. */
  readonly mlpBias: boolean;
}

export const llama: Family<LlamaConfig> = {
  architecture: 'LlamaForCausalLM',
  prefix: 'model',
  defaultTargets: QUERY_AND_VALUE,
  ia3Defaults: IA3_KEY_VALUE,
  bottleneckSites: { blocks: 'model.layers', attention: 'self_attn.o_proj', output: 'mlp.down_proj' },

  parseConfig(json) {
    json.require('hidden_act', 'silu');
    json.refuse('sliding_window', 'layer_types');
    const hidden = json.size('hidden_size');
    const heads = json.size('num_attention_heads');
    const headDim = json.size('head_dim', hidden / heads);
    const contextTokens = json.size('max_position_embeddings', 2048, MAX_CONTEXT);
    return {
      hidden,
      layers: json.size('num_hidden_layers', undefined, MAX_LAYERS),
      heads,
      kvHeads: json.size('num_key_value_heads', heads),
      headDim,
      ffn: json.size('intermediate_size'),
      vocab: json.size('vocab_size'),
      normEps: json.positive('rms_norm_eps', 1e-6),
      ropes: [readRope(json, { headDim, contextTokens })],
      tied: json.flag('tie_word_embeddings', false),
      contextTokens,
      attentionBias: json.flag('attention_bias', false),
      mlpBias: json.flag('mlp_bias', false),
    };
  },

  hidden(m, { hidden, ffn, heads, kvHeads, headDim, layers, vocab, attentionBias, mlpBias, pad }) {
    let x = m.embedding('model.embed_tokens', vocab, hidden, { padding: pad });
    const sizes = { q_proj: heads * headDim, k_proj: kvHeads * headDim, v_proj: kvHeads * headDim };
    for (let layer = 0; layer < layers; layer++) {
      const attn = `model.layers.${layer}.self_attn`;
      const mlp = `model.layers.${layer}.mlp`;
      m.block(layer, () => {
        const h = m.rmsNorm(`model.layers.${layer}.input_layernorm`, x);
        const { q_proj: q, k_proj: k, v_proj: v } = m.linears(attn, h, sizes, { bias: attentionBias });
        const a = m.attention(layer, q, k, v, { rope: 0 });
        x = m.linear(`${attn}.o_proj`, a, hidden, { bias: attentionBias, addend: x });
        const n = m.rmsNorm(`model.layers.${layer}.post_attention_layernorm`, x);
        const { gate_proj: gate, up_proj: up } = m.linears(mlp, n, { gate_proj: ffn, up_proj: ffn }, { bias: mlpBias });
        x = m.linear(`${mlp}.down_proj`, m.gated('silu', gate, up), hidden, { bias: mlpBias, addend: x });
      });
    }
    return m.rmsNorm('model.norm', x);
  },

  head(m, { tied, vocab, hidden }) {
    return m.matrix(tied ? 'model.embed_tokens' : 'lm_head', vocab, hidden);
  },
};
