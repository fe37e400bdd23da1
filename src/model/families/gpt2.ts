// GPT-2: learned positions, LayerNorm before each half of a block, q, k and v in one linear. Its linears are Conv1D: the
// file holds them (in,out), and PEFT calls that fan_in_fan_out; the adapter's A and B lie as everywhere.

import type { Value } from '../../gpu/graph.ts';
import type { ModelConfig } from '../config.ts';
import { MAX_CONTEXT, MAX_LAYERS } from '../config-reader.ts';
import type { Family } from './family.ts';

const CONV1D = { bias: true, transposed: true } as const;

export const gpt2: Family<ModelConfig> = {
  architecture: 'GPT2LMHeadModel',
  prefix: 'transformer',
  defaultTargets: ['c_attn'],
  ia3Defaults: { targets: ['c_attn', 'mlp.c_proj'], feedforward: ['mlp.c_proj'] },
  bottleneckSites: { blocks: 'transformer.h', attention: 'attn.c_proj', output: 'mlp.c_proj' },
  fanInFanOut: true,

  parseConfig(json) {
    const activation = json.value('activation_function') ?? 'gelu_new';
    if (activation !== 'gelu_pytorch_tanh') json.require('activation_function', 'gelu_new');
    json.require('scale_attn_weights', true);
    json.refuse('scale_attn_by_inverse_layer_idx');
    const hidden = json.size(['n_embd', 'hidden_size']);
    const heads = json.size(['n_head', 'num_attention_heads']);
    const contextTokens = json.size(['n_positions', 'max_position_embeddings'], 1024, MAX_CONTEXT);
    return {
      hidden,
      layers: json.size(['n_layer', 'num_hidden_layers'], undefined, MAX_LAYERS),
      heads,
      kvHeads: heads,
      headDim: hidden / heads,
      ffn: json.size('n_inner', 4 * hidden),
      vocab: json.size('vocab_size'),
      normEps: json.positive('layer_norm_epsilon', 1e-5),
      ropes: [],
      tied: json.flag('tie_word_embeddings', true),
      contextTokens,
      maxTokens: contextTokens,
    };
  },

  hidden(m, { hidden, ffn, layers, vocab, contextTokens }) {
    const positions = m.positionEmbedding('transformer.wpe', contextTokens, hidden);
    let x = m.add(m.embedding('transformer.wte', vocab, hidden), positions);
    for (let layer = 0; layer < layers; layer++) {
      const path = `transformer.h.${layer}`;
      m.block(layer, () => {
        const h = m.layerNorm(`${path}.ln_1`, x);
        const qkv = m.linear(`${path}.attn.c_attn`, h, 3 * hidden, CONV1D);
        const [q, k, v] = m.split(qkv, [hidden, hidden, hidden]) as [Value, Value, Value];
        x = m.linear(`${path}.attn.c_proj`, m.attention(layer, q, k, v), hidden, { ...CONV1D, addend: x });
        const n = m.layerNorm(`${path}.ln_2`, x);
        const up = m.activation('gelu-tanh', m.linear(`${path}.mlp.c_fc`, n, ffn, CONV1D));
        x = m.linear(`${path}.mlp.c_proj`, up, hidden, { ...CONV1D, addend: x });
      });
    }
    return m.layerNorm('transformer.ln_f', x);
  },

  head(m, { tied, vocab, hidden }) {
    return m.matrix(tied ? 'transformer.wte' : 'lm_head', vocab, hidden);
  },
};
