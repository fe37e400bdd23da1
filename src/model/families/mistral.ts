// Mistral: Llama's block with a sliding window on every layer, or on none (since version 0.2).

import type { ModelConfig } from '../config.ts';
import { MAX_CONTEXT, MAX_LAYERS } from '../config-reader.ts';
import { readRope } from '../rope.ts';
import { type Family, IA3_KEY_VALUE, QUERY_AND_VALUE } from './family.ts';
import { readWindow, USUAL_WINDOW } from './windows.ts';

interface MistralConfig extends ModelConfig {
  /** By layer; undefined: all of the row. */
  readonly windows: readonly (number | undefined)[];
}

export const mistral: Family<MistralConfig> = {
  architecture: 'MistralForCausalLM',
  prefix: 'model',
  defaultTargets: QUERY_AND_VALUE,
  ia3Defaults: IA3_KEY_VALUE,
  bottleneckSites: { blocks: 'model.layers', attention: 'self_attn.o_proj', output: 'mlp.down_proj' },

  parseConfig(json) {
    json.require('hidden_act', 'silu');
    const hidden = json.size('hidden_size');
    const layers = json.size('num_hidden_layers', undefined, MAX_LAYERS);
    const heads = json.size('num_attention_heads');
    const headDim = json.size('head_dim', hidden / heads);
    const contextTokens = json.size('max_position_embeddings', undefined, MAX_CONTEXT);
    return {
      hidden,
      layers,
      heads,
      kvHeads: json.size('num_key_value_heads'),
      headDim,
      ffn: json.size('intermediate_size'),
      vocab: json.size('vocab_size'),
      normEps: json.positive('rms_norm_eps', 1e-6),
      ropes: [readRope(json, { headDim, contextTokens })],
      tied: json.flag('tie_word_embeddings', false),
      contextTokens,
      windows: readWindow(json, layers, USUAL_WINDOW),
    };
  },

  hidden(m, { hidden, ffn, heads, kvHeads, headDim, layers, vocab, windows, pad }) {
    let x = m.embedding('model.embed_tokens', vocab, hidden, { padding: pad });
    const sizes = { q_proj: heads * headDim, k_proj: kvHeads * headDim, v_proj: kvHeads * headDim };
    for (let layer = 0; layer < layers; layer++) {
      const attn = `model.layers.${layer}.self_attn`;
      const mlp = `model.layers.${layer}.mlp`;
      m.block(layer, () => {
        const h = m.rmsNorm(`model.layers.${layer}.input_layernorm`, x);
        const { q_proj: q, k_proj: k, v_proj: v } = m.linears(attn, h, sizes);
        const a = m.attention(layer, q, k, v, { rope: 0, window: windows[layer] });
        x = m.linear(`${attn}.o_proj`, a, hidden, { addend: x });
        const n = m.rmsNorm(`model.layers.${layer}.post_attention_layernorm`, x);
        const { gate_proj: gate, up_proj: up } = m.linears(mlp, n, { gate_proj: ffn, up_proj: ffn });
        x = m.linear(`${mlp}.down_proj`, m.gated('silu', gate, up), hidden, { addend: x });
      });
    }
    return m.rmsNorm('model.norm', x);
  },

  head(m, { tied, vocab, hidden }) {
    return m.matrix(tied ? 'model.embed_tokens' : 'lm_head', vocab, hidden);
  },
};
