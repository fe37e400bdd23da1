// Phi-3, Phi-3.5 and Phi-4-mini: Llama's block with q, k and v in one linear and gate and up in another; longer contexts
// by longrope, part of each head may stay unturned.

import type { Value } from '../../gpu/graph.ts';
import type { ModelConfig } from '../config.ts';
import { MAX_CONTEXT, MAX_LAYERS } from '../config-reader.ts';
import { readRope } from '../rope.ts';
import type { Family } from './family.ts';
import { readWindow } from './windows.ts';

interface Phi3Config extends ModelConfig {
  /** By layer; undefined: all of the row. */
  readonly windows: readonly (number | undefined)[];
}

export const phi3: Family<Phi3Config> = {
  architecture: 'Phi3ForCausalLM',
  prefix: 'model',
  // PEFT has none for this type.
  defaultTargets: undefined,
  ia3Defaults: undefined,

  parseConfig(json) {
    json.require('hidden_act', 'silu');
    json.refuse('attention_bias', 'mlp_bias', 'lm_head_bias');
    const hidden = json.size('hidden_size');
    const layers = json.size('num_hidden_layers', undefined, MAX_LAYERS);
    const heads = json.size('num_attention_heads');
    const headDim = json.size('head_dim', hidden / heads);
    const contextTokens = json.size('max_position_embeddings', 4096, MAX_CONTEXT);
    return {
      hidden,
      layers,
      heads,
      kvHeads: json.size('num_key_value_heads', heads),
      headDim,
      ffn: json.size('intermediate_size'),
      vocab: json.size('vocab_size'),
      normEps: json.positive('rms_norm_eps', 1e-5),
      ropes: [readRope(json, { headDim, contextTokens, partial: 1 })],
      tied: json.flag('tie_word_embeddings', false),
      contextTokens,
      windows: readWindow(json, layers, undefined),
    };
  },

  hidden(m, { hidden, ffn, heads, kvHeads, headDim, layers, vocab, windows, pad }) {
    let x = m.embedding('model.embed_tokens', vocab, hidden, { padding: pad });
    const sizes = [heads * headDim, kvHeads * headDim, kvHeads * headDim];
    for (let layer = 0; layer < layers; layer++) {
      const path = `model.layers.${layer}`;
      m.block(layer, () => {
        const h = m.rmsNorm(`${path}.input_layernorm`, x);
        const qkv = m.linear(`${path}.self_attn.qkv_proj`, h, (heads + 2 * kvHeads) * headDim);
        const [q, k, v] = m.split(qkv, sizes) as [Value, Value, Value];
        const a = m.attention(layer, q, k, v, { rope: 0, window: windows[layer] });
        x = m.linear(`${path}.self_attn.o_proj`, a, hidden, { addend: x });
        const n = m.rmsNorm(`${path}.post_attention_layernorm`, x);
        const [gate, up] = m.split(m.linear(`${path}.mlp.gate_up_proj`, n, 2 * ffn), [ffn, ffn]) as [Value, Value];
        x = m.linear(`${path}.mlp.down_proj`, m.gated('silu', gate, up), hidden, { addend: x });
      });
    }
    return m.rmsNorm('model.norm', x);
  },

  head(m, { tied, vocab, hidden }) {
    return m.matrix(tied ? 'model.embed_tokens' : 'lm_head', vocab, hidden);
  },
};
