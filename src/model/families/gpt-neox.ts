// GPT-NeoX (Pythia, Dolly 2.0): attention and feed-forward read the same residual side by side (or, with
// use_parallel_residual false, one after the other); a quarter of each head turns; q, k and v lie head by head in one linear.

import type { Value } from '../../gpu/graph.ts';
import type { ModelConfig } from '../config.ts';
import { MAX_CONTEXT, MAX_LAYERS } from '../config-reader.ts';
import { readRope } from '../rope.ts';
import type { Family } from './family.ts';

interface GptNeoxConfig extends ModelConfig {
  readonly isParallel: boolean;
  /** Biases in the attention's linears. */
  readonly attentionBias: boolean;
}

export const gptNeox: Family<GptNeoxConfig> = {
  architecture: 'GPTNeoXForCausalLM',
  prefix: 'gpt_neox',
  defaultTargets: ['query_key_value'],
  ia3Defaults: { targets: ['query_key_value', 'dense_4h_to_h'], feedforward: ['dense_4h_to_h'] },

  parseConfig(json) {
    json.require('hidden_act', 'gelu');
    const hidden = json.size('hidden_size');
    const heads = json.size('num_attention_heads');
    const contextTokens = json.size('max_position_embeddings', 2048, MAX_CONTEXT);
    return {
      hidden,
      layers: json.size('num_hidden_layers', undefined, MAX_LAYERS),
      heads,
      kvHeads: heads,
      headDim: hidden / heads,
      ffn: json.size('intermediate_size'),
      vocab: json.size('vocab_size'),
      normEps: json.positive('layer_norm_eps', 1e-5),
      ropes: [readRope(json, { headDim: hidden / heads, contextTokens, partial: 0.25 })],
      tied: json.flag('tie_word_embeddings', false),
      contextTokens,
      isParallel: json.flag('use_parallel_residual', true),
      attentionBias: json.flag('attention_bias', true),
    };
  },

  hidden(m, { hidden, ffn, heads, headDim, layers, vocab, isParallel, attentionBias }) {
    let x = m.embedding('gpt_neox.embed_in', vocab, hidden);
    for (let layer = 0; layer < layers; layer++) {
      const path = `gpt_neox.layers.${layer}`;
      m.block(layer, () => {
        const h = m.layerNorm(`${path}.input_layernorm`, x);
        const qkv = m.linear(`${path}.attention.query_key_value`, h, 3 * hidden, { bias: attentionBias });
        const [q, k, v] = m.split(qkv, [headDim, headDim, headDim], heads) as [Value, Value, Value];
        const a = m.attention(layer, q, k, v, { rope: 0 });
        const y = m.linear(`${path}.attention.dense`, a, hidden, { bias: attentionBias, addend: x });
        const n = m.layerNorm(`${path}.post_attention_layernorm`, isParallel ? x : y);
        const up = m.activation('gelu', m.linear(`${path}.mlp.dense_h_to_4h`, n, ffn, { bias: true }));
        x = m.linear(`${path}.mlp.dense_4h_to_h`, up, hidden, { bias: true, addend: y });
      });
    }
    return m.layerNorm('gpt_neox.final_layer_norm', x);
  },

  head(m, { tied, vocab, hidden }) {
    return m.matrix(tied ? 'gpt_neox.embed_in' : 'embed_out', vocab, hidden);
  },
};
