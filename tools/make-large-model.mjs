// Writes a model of TinyLlama's shape with random weights, to measure what opening a large file costs:
//   node tools/make-large-model.mjs FOLDER [LAYERS]      22 layers, the default, are 1.1 billion parameters (2.2 GB in BF16)
// No tokenizer: opening needs none. Two shards, as such files come.

import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';

const [folder, layers = '22'] = process.argv.slice(2);
if (!folder || !/^[1-9]\d*$/.test(layers)) {
  console.error('usage: node tools/make-large-model.mjs FOLDER [LAYERS]');
  process.exit(2);
}
const L = Number(layers);
const [C, F, V, H, K] = [2048, 5632, 32000, 32, 4];
const KV = (C / H) * K;

const tensors = [
  ['model.embed_tokens.weight', [V, C]],
  ...Array.from({ length: L }, (_, i) =>
    [
      ['input_layernorm', [C]],
      ['self_attn.q_proj', [C, C]],
      ['self_attn.k_proj', [KV, C]],
      ['self_attn.v_proj', [KV, C]],
      ['self_attn.o_proj', [C, C]],
      ['post_attention_layernorm', [C]],
      ['mlp.gate_proj', [F, C]],
      ['mlp.up_proj', [F, C]],
      ['mlp.down_proj', [C, F]],
    ].map(([name, shape]) => [`model.layers.${i}.${name}.weight`, shape]),
  ).flat(),
  ['model.norm.weight', [C]],
  ['lm_head.weight', [V, C]],
];

mkdirSync(folder, { recursive: true });
writeFileSync(
  path.join(folder, 'config.json'),
  JSON.stringify({
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: C,
    intermediate_size: F,
    num_hidden_layers: L,
    num_attention_heads: H,
    num_key_value_heads: K,
    vocab_size: V,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: false,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: 'bfloat16',
  }),
);

/** Numbers of about ±0.03 in BF16: a prime number of them, so that no two rows begin alike. */
const noise = new Uint16Array(4_194_301);
let state = 1;
for (let i = 0; i < noise.length; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  noise[i] = ((state >>> 31) << 15) | (0x3c80 + (state >>> 25) * 2) | ((state >>> 16) & 1);
}
const bytes = new Uint8Array(noise.buffer);

const half = Math.ceil(tensors.length / 2);
const weightMap = {};
for (const [i, part] of [tensors.slice(0, half), tensors.slice(half)].entries()) {
  const name = `model-0000${i + 1}-of-00002.safetensors`;
  const header = { __metadata__: { format: 'pt' } };
  let at = 0;
  for (const [tensor, shape] of part) {
    const size = 2 * shape.reduce((a, b) => a * b, 1);
    header[tensor] = { dtype: 'BF16', shape, data_offsets: [at, at + size] };
    weightMap[tensor] = name;
    at += size;
  }
  const text = JSON.stringify(header);
  const json = Buffer.from(text.padEnd(Math.ceil((8 + text.length) / 8) * 8 - 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = openSync(path.join(folder, name), 'w');
  writeSync(file, length);
  writeSync(file, json);
  for (let left = at; left > 0; left -= bytes.length) writeSync(file, bytes, 0, Math.min(left, bytes.length));
  closeSync(file);
}
writeFileSync(
  path.join(folder, 'model.safetensors.index.json'),
  JSON.stringify({ metadata: {}, weight_map: weightMap }),
);
const parameters = tensors.reduce((n, [, shape]) => n + shape.reduce((a, b) => a * b, 1), 0);
console.log(`${folder}: ${parameters.toLocaleString('en')} parameters in BF16`);
