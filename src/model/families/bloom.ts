// BLOOM: no positions but ALiBi in the scores, a norm on the embeddings, q, k and v head by head in one linear.

import type { Value } from '../../gpu/graph.ts';
import type { ModelConfig } from '../config.ts';
import { MAX_CONTEXT, MAX_LAYERS } from '../config-reader.ts';
import type { Family } from './family.ts';

interface BloomConfig extends ModelConfig {
  /** The residual starts behind the norm, not before it. */
  readonly isPostNormResidual: boolean;
}

export const bloom: Family<BloomConfig> = {
  architecture: 'BloomForCausalLM',
  prefix: 'transformer',
  defaultTargets: ['query_key_value'],
  ia3Defaults: { targets: ['query_key_value', 'mlp.dense_4h_to_h'], feedforward: ['mlp.dense_4h_to_h'] },

  parseConfig(json) {
    const hidden = json.size(['n_embed', 'hidden_size']);
    const heads = json.size(['n_head', 'num_attention_heads']);
    return {
      hidden,
      layers: json.size(['n_layer', 'num_hidden_layers'], undefined, MAX_LAYERS),
      heads,
      kvHeads: heads,
      headDim: hidden / heads,
      ffn: 4 * hidden,
      vocab: json.size('vocab_size'),
      normEps: json.positive('layer_norm_epsilon', 1e-5),
      ropes: [],
      tied: json.flag('tie_word_embeddings', true),
      // ALiBi has no end; this is what BLOOM was trained with.
      contextTokens: json.size('seq_length', 2048, MAX_CONTEXT),
      isPostNormResidual: json.flag('apply_residual_connection_post_layernorm', false),
    };
  },

  hidden(m, { hidden, ffn, heads, headDim, layers, vocab, isPostNormResidual }) {
    let x = m.layerNorm(
      'transformer.word_embeddings_layernorm',
      m.embedding('transformer.word_embeddings', vocab, hidden),
    );
    for (let layer = 0; layer < layers; layer++) {
      const path = `transformer.h.${layer}`;
      m.block(layer, () => {
        const h = m.layerNorm(`${path}.input_layernorm`, x);
        const qkv = m.linear(`${path}.self_attention.query_key_value`, h, 3 * hidden, { bias: true });
        const [q, k, v] = m.split(qkv, [headDim, headDim, headDim], heads) as [Value, Value, Value];
        const a = m.attention(layer, q, k, v, { alibi: true });
        const addend = isPostNormResidual ? h : x;
        x = m.linear(`${path}.self_attention.dense`, a, hidden, { bias: true, addend });
        const n = m.layerNorm(`${path}.post_attention_layernorm`, x);
        const up = m.activation('gelu-tanh', m.linear(`${path}.mlp.dense_h_to_4h`, n, ffn, { bias: true }));
        const rest = isPostNormResidual ? n : x;
        x = m.linear(`${path}.mlp.dense_4h_to_h`, up, hidden, { bias: true, addend: rest });
      });
    }
    return m.layerNorm('transformer.ln_f', x);
  },

  head(m, { tied, vocab, hidden }) {
    return m.matrix(tied ? 'transformer.word_embeddings' : 'lm_head', vocab, hidden);
  },
};
