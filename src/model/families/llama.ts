// Llama 1-3 and what is built like it (SmolLM2, TinyLlama, Scion): pre-norm blocks, rotary positions, grouped heads,
// SwiGLU, no biases. Module paths are those of Hugging Face's LlamaForCausalLM, so PEFT's names fit as they are.

import type { Family } from './family.ts';

export const llama: Family = {
  hidden(m, config) {
    let x = m.embedding('model.embed_tokens');
    for (let layer = 0; layer < config.layers; layer++) {
      const path = `model.layers.${layer}`;
      m.block(layer, () => {
        const h = m.rmsNorm(`${path}.input_layernorm`, x);
        const q = m.rope(m.linear(`${path}.self_attn.q_proj`, h), config.heads);
        const k = m.rope(m.linear(`${path}.self_attn.k_proj`, h), config.kvHeads);
        const v = m.linear(`${path}.self_attn.v_proj`, h);
        const a = m.attention(layer, q, k, v);
        x = m.linear(`${path}.self_attn.o_proj`, a, { addend: x });
        const n = m.rmsNorm(`${path}.post_attention_layernorm`, x);
        const gate = m.linear(`${path}.mlp.gate_proj`, n);
        const up = m.linear(`${path}.mlp.up_proj`, n);
        x = m.linear(`${path}.mlp.down_proj`, m.swiglu(gate, up), { addend: x });
      });
    }
    return m.rmsNorm('model.norm', x);
  },

  head(m, config) {
    return m.weight(config.tied ? 'model.embed_tokens' : 'lm_head');
  },

  linears({ hidden, ffn, heads, kvHeads, headDim, layers }) {
    const linears = new Map<string, readonly [number, number]>();
    for (let layer = 0; layer < layers; layer++) {
      const path = `model.layers.${layer}`;
      linears.set(`${path}.self_attn.q_proj`, [heads * headDim, hidden]);
      linears.set(`${path}.self_attn.k_proj`, [kvHeads * headDim, hidden]);
      linears.set(`${path}.self_attn.v_proj`, [kvHeads * headDim, hidden]);
      linears.set(`${path}.self_attn.o_proj`, [hidden, heads * headDim]);
      linears.set(`${path}.mlp.gate_proj`, [ffn, hidden]);
      linears.set(`${path}.mlp.up_proj`, [ffn, hidden]);
      linears.set(`${path}.mlp.down_proj`, [hidden, ffn]);
    }
    return linears;
  },
};
