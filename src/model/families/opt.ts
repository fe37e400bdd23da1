// OPT: learned positions from row 2 on, ReLU, biases everywhere. The 350M model has its norms after each half of a block,
// none at the end, and embeddings of another width with a projection in and out.

import type { ModelConfig } from '../config.ts';
import { MAX_CONTEXT, MAX_LAYERS } from '../config-reader.ts';
import { type Family, QUERY_AND_VALUE } from './family.ts';

interface OptConfig extends ModelConfig {
  /** Norms stand before each half of a block, and one at the end. */
  readonly isPreNorm: boolean;
  readonly hasFinalNorm: boolean;
  /** Width of the embedding; other than `hidden`: projected. */
  readonly embeddingWidth: number;
  readonly bias: boolean;
}

/** Rows of the table before position 0. */
const FIRST_POSITION = 2;

export const opt: Family<OptConfig> = {
  architecture: 'OPTForCausalLM',
  prefix: 'model',
  defaultTargets: QUERY_AND_VALUE,
  ia3Defaults: { targets: ['q_proj', 'k_proj', 'fc2'], feedforward: ['fc2'] },

  parseConfig(json) {
    json.require('activation_function', 'relu');
    json.require('layer_norm_elementwise_affine', true);
    const hidden = json.size('hidden_size');
    const heads = json.size('num_attention_heads');
    const contextTokens = json.size('max_position_embeddings', 2048, MAX_CONTEXT);
    const isPreNorm = json.flag('do_layer_norm_before', true);
    return {
      hidden,
      layers: json.size('num_hidden_layers', undefined, MAX_LAYERS),
      heads,
      kvHeads: heads,
      headDim: hidden / heads,
      ffn: json.size('ffn_dim'),
      vocab: json.size('vocab_size'),
      normEps: 1e-5,
      ropes: [],
      tied: json.flag('tie_word_embeddings', true),
      contextTokens,
      maxTokens: contextTokens,
      isPreNorm,
      hasFinalNorm: isPreNorm && !json.flag('_remove_final_layer_norm', false),
      embeddingWidth: json.size('word_embed_proj_dim', hidden),
      bias: json.flag('enable_bias', true),
    };
  },

  hidden(m, { hidden, ffn, layers, vocab, contextTokens, isPreNorm, hasFinalNorm, embeddingWidth, bias, pad }) {
    let x = m.embedding('model.decoder.embed_tokens', vocab, embeddingWidth, { padding: pad });
    if (embeddingWidth !== hidden) x = m.linear('model.decoder.project_in', x, hidden);
    const rows = contextTokens + FIRST_POSITION;
    x = m.add(m.positionEmbedding('model.decoder.embed_positions', rows, hidden, FIRST_POSITION), x);
    const sizes = { q_proj: hidden, k_proj: hidden, v_proj: hidden };
    for (let layer = 0; layer < layers; layer++) {
      const path = `model.decoder.layers.${layer}`;
      m.block(layer, () => {
        const h = isPreNorm ? m.layerNorm(`${path}.self_attn_layer_norm`, x) : x;
        const { q_proj: q, k_proj: k, v_proj: v } = m.linears(`${path}.self_attn`, h, sizes, { bias });
        x = m.linear(`${path}.self_attn.out_proj`, m.attention(layer, q, k, v), hidden, { bias, addend: x });
        if (!isPreNorm) x = m.layerNorm(`${path}.self_attn_layer_norm`, x);
        const n = isPreNorm ? m.layerNorm(`${path}.final_layer_norm`, x) : x;
        const up = m.activation('relu', m.linear(`${path}.fc1`, n, ffn, { bias }));
        x = m.linear(`${path}.fc2`, up, hidden, { bias, addend: x });
        if (!isPreNorm) x = m.layerNorm(`${path}.final_layer_norm`, x);
      });
    }
    if (hasFinalNorm) x = m.layerNorm('model.decoder.final_layer_norm', x);
    return embeddingWidth === hidden ? x : m.linear('model.decoder.project_out', x, embeddingWidth);
  },

  head(m, { tied, vocab, embeddingWidth }) {
    return m.matrix(tied ? 'model.decoder.embed_tokens' : 'lm_head', vocab, embeddingWidth);
  },
};
