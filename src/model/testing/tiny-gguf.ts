// The model of tiny-model.ts as one GGUF file, for tests that change or break it.

import { type GgufTensor, type TypedValue, writeGguf } from '../gguf/write-gguf.ts';
import { fileFromBytes, type ModelFile } from '../model-file.ts';
import { TINY_TOKENIZER_CONFIG, tinyTokenizerJson } from './tiny-model.ts';

export type GgufMetadata = Record<string, TypedValue>;

export function tinyMetadata(): GgufMetadata {
  const { model, added_tokens } = tinyTokenizerJson() as {
    model: { vocab: Record<string, number>; merges: string[] };
    added_tokens: { id: number }[];
  };
  // Not Object.keys: an object has keys like "7" first.
  const tokens = Object.entries(model.vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([token]) => token);
  const control = new Set(added_tokens.map(({ id }) => id));
  return {
    'general.architecture': { type: 'text', value: 'llama' },
    'general.license': { type: 'text', value: 'apache-2.0' },
    'llama.block_count': { type: 'u32', value: 2 },
    'llama.context_length': { type: 'u32', value: 64 },
    'llama.embedding_length': { type: 'u32', value: 8 },
    'llama.feed_forward_length': { type: 'u32', value: 12 },
    'llama.attention.head_count': { type: 'u32', value: 2 },
    'llama.attention.head_count_kv': { type: 'u32', value: 1 },
    'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: 1e-5 },
    'tokenizer.ggml.model': { type: 'text', value: 'gpt2' },
    'tokenizer.ggml.pre': { type: 'text', value: 'gpt-2' },
    'tokenizer.ggml.tokens': { type: 'texts', value: tokens },
    'tokenizer.ggml.token_type': { type: 'i32s', value: tokens.map((_, id) => (control.has(id) ? 3 : 1)) },
    'tokenizer.ggml.merges': { type: 'texts', value: model.merges },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: 2 },
    'tokenizer.chat_template': { type: 'text', value: TINY_TOKENIZER_CONFIG.chat_template as string },
  };
}

/** Element i of a tensor is i / 100. */
export function ggufTensor(name: string, ...shape: number[]): GgufTensor {
  const length = shape.reduce((a, b) => a * b, 1);
  return { name, dtype: 'F32', shape, bytes: new Uint8Array(Float32Array.from({ length }, (_, i) => i / 100).buffer) };
}

export function tinyGgufTensors(): GgufTensor[] {
  const block = (i: number) => [
    ggufTensor(`blk.${i}.attn_norm.weight`, 8),
    ggufTensor(`blk.${i}.attn_q.weight`, 8, 8),
    ggufTensor(`blk.${i}.attn_k.weight`, 4, 8),
    ggufTensor(`blk.${i}.attn_v.weight`, 4, 8),
    ggufTensor(`blk.${i}.attn_output.weight`, 8, 8),
    ggufTensor(`blk.${i}.ffn_norm.weight`, 8),
    ggufTensor(`blk.${i}.ffn_gate.weight`, 12, 8),
    ggufTensor(`blk.${i}.ffn_up.weight`, 12, 8),
    ggufTensor(`blk.${i}.ffn_down.weight`, 8, 12),
  ];
  return [ggufTensor('token_embd.weight', 300, 8), ...block(0), ...block(1), ggufTensor('output_norm.weight', 8)];
}

/** `change` replaces or adds values of the header; undefined takes one away. */
export function tinyGgufBytes(
  change: Record<string, TypedValue | undefined> = {},
  tensors: readonly GgufTensor[] = tinyGgufTensors(),
): Uint8Array<ArrayBuffer> {
  const metadata = Object.entries({ ...tinyMetadata(), ...change }).filter(([, value]) => value !== undefined);
  return writeGguf(Object.fromEntries(metadata) as GgufMetadata, tensors);
}

export function tinyGguf(...args: Parameters<typeof tinyGgufBytes>): ModelFile {
  return fileFromBytes('tiny.gguf', tinyGgufBytes(...args));
}
