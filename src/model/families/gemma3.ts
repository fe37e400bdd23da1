// Gemma 3, text (270M and 1B): layers with a sliding window and a rope of their own between layers that see everything, a
// norm before and after each half of a block and over each head of q and k, GeGLU, scaled embeddings. Norms multiply by 1 + w.

import type { Value } from '../../gpu/graph.ts';
import type { ModelConfig } from '../config.ts';
import { MAX_CONTEXT, MAX_LAYERS } from '../config-reader.ts';
import { ropeOf } from '../rope.ts';
import { type Family, IA3_QUERY_VALUE, QUERY_AND_VALUE } from './family.ts';
import { readWindows } from './windows.ts';

interface Gemma3Config extends ModelConfig {
  /** By layer; undefined: all of the row, with the rope of long rows. */
  readonly windows: readonly (number | undefined)[];
  /** Scores are divided by its root. */
  readonly queryScalar: number;
  readonly attentionBias: boolean;
}

const [GLOBAL, LOCAL] = [0, 1];
const NORM = { offset: 1 } as const;

export const gemma3: Family<Gemma3Config> = {
  architecture: 'Gemma3ForCausalLM',
  prefix: 'model',
  defaultTargets: QUERY_AND_VALUE,
  ia3Defaults: IA3_QUERY_VALUE,

  parseConfig(json) {
    json.require('hidden_activation', 'gelu_pytorch_tanh');
    const layers = json.size('num_hidden_layers', undefined, MAX_LAYERS);
    const headDim = json.size('head_dim', 256);
    const contextTokens = json.size('max_position_embeddings', 131072, MAX_CONTEXT);
    const every = json.size(['sliding_window_pattern', '_sliding_window_pattern'], 6, MAX_LAYERS);
    const context = { headDim, contextTokens, partial: 1 };
    const windows = readWindows(json, layers, true, (layer) => (layer + 1) % every !== 0);
    if (json.says('sliding_window') && json.value('sliding_window') === undefined)
      throw json.bad('sliding_window', null, 'the tokens that most layers see');
    const ropes = json.object('rope_parameters');
    const globalTheta = json.positive('rope_theta', 1_000_000);
    const localTheta = json.positive('rope_local_base_freq', 10_000);
    return {
      hidden: json.size('hidden_size'),
      layers,
      heads: json.size('num_attention_heads'),
      kvHeads: json.size('num_key_value_heads'),
      headDim,
      ffn: json.size('intermediate_size'),
      vocab: json.size('vocab_size'),
      normEps: json.positive('rms_norm_eps', 1e-6),
      ropes: [
        ropeOf(ropes ? ropes.object('full_attention') : json.object('rope_scaling'), json, {
          ...context,
          theta: globalTheta,
        }),
        ropeOf(ropes?.object('sliding_attention'), json, { ...context, theta: localTheta }),
      ],
      tied: json.flag('tie_word_embeddings', true),
      contextTokens,
      windows,
      queryScalar: json.positive('query_pre_attn_scalar', 256),
      attentionBias: json.flag('attention_bias', false),
    };
  },

  hidden(m, { hidden, ffn, heads, kvHeads, headDim, layers, vocab, windows, queryScalar, attentionBias, pad }) {
    const bias = attentionBias;
    let x = m.embedding('model.embed_tokens', vocab, hidden, { scale: Math.sqrt(hidden), padding: pad });
    const sizes = { q_proj: heads * headDim, k_proj: kvHeads * headDim, v_proj: kvHeads * headDim };
    for (let layer = 0; layer < layers; layer++) {
      const path = `model.layers.${layer}`;
      const attn = `${path}.self_attn`;
      const window = windows[layer];
      const rope = window === undefined ? GLOBAL : LOCAL;
      m.block(layer, () => {
        const h = m.rmsNorm(`${path}.input_layernorm`, x, NORM);
        const { q_proj: q, k_proj: k, v_proj: v } = m.linears(attn, h, sizes, { bias });
        const norm = (name: string, y: Value) => m.rmsNorm(`${attn}.${name}`, y, { ...NORM, size: headDim });
        const scale = 1 / Math.sqrt(queryScalar);
        const a = m.attention(layer, norm('q_norm', q), norm('k_norm', k), v, { rope, window, scale });
        const o = m.linear(`${attn}.o_proj`, a, hidden, { bias });
        x = m.add(x, m.rmsNorm(`${path}.post_attention_layernorm`, o, NORM));
        const n = m.rmsNorm(`${path}.pre_feedforward_layernorm`, x, NORM);
        const { gate_proj: gate, up_proj: up } = m.linears(`${path}.mlp`, n, { gate_proj: ffn, up_proj: ffn });
        const down = m.linear(`${path}.mlp.down_proj`, m.gated('gelu-tanh', gate, up), hidden);
        x = m.add(x, m.rmsNorm(`${path}.post_feedforward_layernorm`, down, NORM));
      });
    }
    return m.rmsNorm('model.norm', x, NORM);
  },

  head(m, { tied, vocab, hidden }) {
    return m.matrix(tied ? 'model.embed_tokens' : 'lm_head', vocab, hidden);
  },
};
