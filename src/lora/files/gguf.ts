// An adapter as llama.cpp takes it (--lora): one GGUF file with A and B of each linear under llama.cpp's names.
//
//   blk.0.attn_q.weight.lora_a   (r, in)        A as it is
//   blk.0.attn_q.weight.lora_b   (out, r)       B with its rows in the order that llama.cpp has in that matrix
//   output.weight.lora_a, _b                    the same of the head
//   token_embd.weight.lora_a     (vocab, r)     A of the embedding, transposed: llama.cpp takes the tokens' rows of it
//   token_embd.weight.lora_b     (width, r)     B as it is
//
// llama.cpp multiplies by alpha / r, with one alpha for all and the r of each tensor. What an adapter scales otherwise
// (rsLoRA, patterns) goes into that alpha where it is common to all modules, and into B where it is not.

import type { ModelConfig } from '../../model/config.ts';
import { type Architecture, architectureOf } from '../../model/gguf/architectures.ts';
import { type GgufTensor, type TypedValue, writeGguf } from '../../model/gguf/write-gguf.ts';
import { type Adapter, type AdapterModule, checkAdapter } from '../adapter.ts';
import { refuseBeyondFactors } from './refuse-beyond-factors.ts';
import { transpose } from './transpose.ts';

/** The head's path in transformers, whatever the model's files call its matrix. */
const HEAD = 'lm_head';

/** `more`: further values of the file's head. Throws a RangeError that names the family or the module that llama.cpp has no name for. */
export function writeGgufAdapter(
  adapter: Adapter,
  base: Pick<ModelConfig, 'family' | 'hidden' | 'heads' | 'headDim' | 'tied'>,
  name: string,
  more: Readonly<Record<string, TypedValue>> = {},
): Uint8Array<ArrayBuffer> {
  checkAdapter(adapter);
  refuseBeyondFactors(adapter, 'as GGUF', 'llama.cpp', ['embeddings']);
  const found = architectureOf(base.family);
  if (found === undefined)
    throw new RangeError(`Cannot write the adapter as GGUF: found a base of "${base.family}", need one of llama.cpp's`);
  const [architecture, entry] = found;
  if (base.tied) refuseTied(adapter);
  const names = tensorNames(entry);
  const orders =
    entry.rowOrders?.({ hidden_size: base.hidden, num_attention_heads: base.heads, head_dim: base.headDim }) ?? {};
  const alpha = commonAlpha(adapter);
  const tensors = [...adapter.modules].flatMap(([path, module]): GgufTensor[] => {
    const place = names(path);
    const order = orders[place.stem] ?? ((row: number) => row);
    const { r, inFeatures, outFeatures, isEmbedding } = module;
    return [
      isEmbedding
        ? tensor(`${place.name}.weight.lora_a`, [inFeatures, r], transpose(module.a, r, inFeatures))
        : tensor(`${place.name}.weight.lora_a`, [r, inFeatures], module.a),
      tensor(`${place.name}.weight.lora_b`, [outFeatures, r], reorder(module, order, factorOf(module, alpha))),
    ];
  });
  const text = (value: string): TypedValue => ({ type: 'text', value });
  return writeGguf(
    {
      'general.architecture': text(architecture),
      'general.type': text('adapter'),
      'general.name': text(name),
      'adapter.type': text('lora'),
      'adapter.lora.alpha': { type: 'f32', value: alpha },
      'general.quantization_version': { type: 'u32', value: 2 },
      ...more,
    },
    tensors,
  );
}

/** alpha that gives the first module its own scaling; never 0, which llama.cpp reads as "no alpha". */
function commonAlpha({ modules }: Adapter): number {
  for (const { scaling, r } of modules.values()) if (scaling !== 0) return Math.fround(scaling * r);
  return 1;
}

/** What B is multiplied by so that alpha / r is the module's scaling; 1 when only alpha's rounding to f32 is between. */
function factorOf({ scaling, r }: AdapterModule, alpha: number): number {
  const factor = (scaling * r) / alpha;
  return Math.abs(factor - 1) < 2 ** -23 ? 1 : factor;
}

/**
 * Where head and embedding are one matrix, its file has no "output", and llama.cpp would use what is on "token_embd" for the head as
 * well, whose A lies the other way round.
 */
function refuseTied({ modules }: Adapter): void {
  for (const [path, { isEmbedding }] of modules)
    if (isEmbedding || path === HEAD)
      throw new RangeError(
        `Cannot write the adapter as GGUF: found LoRA at "${path}" of a base whose head is its embedding, which llama.cpp takes for one matrix; need a merged model`,
      );
}

/** From module paths back to llama.cpp's names. */
function tensorNames({ blocks, inside, outside }: Architecture) {
  const stems = new Map(Object.entries(inside).map(([stem, path]) => [path, stem]));
  return (path: string): { readonly name: string; readonly stem: string } => {
    if (path === HEAD) return { name: 'output', stem: 'output' };
    if (path === outside.token_embd) return { name: 'token_embd', stem: 'token_embd' };
    const [, block, rest = ''] = path.startsWith(`${blocks}.`)
      ? (/^(\d+)\.(.+)$/.exec(path.slice(blocks.length + 1)) ?? [])
      : [];
    const stem = stems.get(rest);
    if (block !== undefined && stem !== undefined) return { name: `blk.${block}.${stem}`, stem };
    throw new RangeError(
      `Cannot write the adapter as GGUF: found it on "${path}", need linears of the blocks, the head or the token embedding`,
    );
  };
}

/** B (out, r) times `factor`, each row at its place in the file. */
function reorder({ b, r, outFeatures }: AdapterModule, order: (row: number) => number, factor: number): Float32Array {
  const out = new Float32Array(b.length);
  for (let row = 0; row < outFeatures; row++)
    for (let i = 0; i < r; i++) out[order(row) * r + i] = b[row * r + i]! * factor;
  return out;
}

function tensor(name: string, shape: readonly number[], values: Float32Array): GgufTensor {
  return { name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}
