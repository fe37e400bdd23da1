// A whole model folder in memory, small enough to write out in a test: two layers, a byte-level tokenizer of 300 tokens.

import { fileFromBytes, type ModelFile } from '../model-file.ts';
import { type TensorBytes, writeSafetensors } from '../safetensors.ts';

type Json = Record<string, unknown>;

export const TINY_CONFIG: Json = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_act: 'silu',
  hidden_size: 8,
  intermediate_size: 12,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  num_hidden_layers: 2,
  vocab_size: 300,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  eos_token_id: 2,
};

const CHATML =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

export const TINY_TOKENIZER_CONFIG: Json = { eos_token: '<|im_end|>', chat_template: CHATML };

/** ChatML's three special tokens, every byte, and some merges of English. */
export function tinyTokenizerJson(): Json {
  const vocab: Record<string, number> = {};
  const add = (token: string) => {
    vocab[token] ??= Object.keys(vocab).length;
  };
  const special = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
  special.forEach(add);
  byteAlphabet().forEach(add);
  const merges = ['Ġ t', 'h e', 'Ġt he', 'i n', 'e r', 'Ġ a'];
  for (const merge of merges) add(merge.replace(' ', ''));
  return {
    version: '1.0',
    added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges, ignore_merges: false },
  };
}

/** The tensors of TINY_CONFIG, all zeros. */
export function tinyTensors(): TensorBytes[] {
  const tensor = (name: string, ...shape: number[]): TensorBytes => ({
    name,
    dtype: 'F32',
    shape,
    bytes: new Uint8Array(4 * shape.reduce((a, b) => a * b)),
  });
  const layer = (i: number) => [
    tensor(`model.layers.${i}.input_layernorm.weight`, 8),
    tensor(`model.layers.${i}.post_attention_layernorm.weight`, 8),
    tensor(`model.layers.${i}.self_attn.q_proj.weight`, 8, 8),
    tensor(`model.layers.${i}.self_attn.k_proj.weight`, 4, 8),
    tensor(`model.layers.${i}.self_attn.v_proj.weight`, 4, 8),
    tensor(`model.layers.${i}.self_attn.o_proj.weight`, 8, 8),
    tensor(`model.layers.${i}.mlp.gate_proj.weight`, 12, 8),
    tensor(`model.layers.${i}.mlp.up_proj.weight`, 12, 8),
    tensor(`model.layers.${i}.mlp.down_proj.weight`, 8, 12),
  ];
  return [tensor('model.embed_tokens.weight', 300, 8), ...layer(0), ...layer(1), tensor('model.norm.weight', 8)];
}

export function jsonFile(name: string, value: unknown): ModelFile {
  return textFile(name, JSON.stringify(value));
}
export function textFile(name: string, text: string): ModelFile {
  return fileFromBytes(name, new TextEncoder().encode(text));
}

/** The folder's files; `change` replaces settings, `tensors` the weights. */
export function tinyFolder(change: Json = {}, tensors: readonly TensorBytes[] = tinyTensors()): ModelFile[] {
  return [
    jsonFile('tiny/config.json', { ...TINY_CONFIG, ...change }),
    fileFromBytes('tiny/model.safetensors', writeSafetensors(tensors)),
    jsonFile('tiny/tokenizer.json', tinyTokenizerJson()),
    jsonFile('tiny/tokenizer_config.json', TINY_TOKENIZER_CONFIG),
    textFile('tiny/README.md', '---\r\nlicense: apache-2.0\r\ntags:\r\n- tiny\r\n---\r\n# Tiny\r\n'),
  ];
}

/** GPT-2's printable stand-ins for the 256 bytes. */
function byteAlphabet(): string[] {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}
