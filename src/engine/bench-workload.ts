// The benchmark's workload: Llama models whose weights, adapter and tokens are computed from their names, so that every
// engine can build the same ones and losses can be compared. Base weights are int8 × row scale exactly; an int8 base and an
// f32 base hold the same numbers. Files are made while they are read: no 500 MB lie in memory.

import type { TokenRow } from '../data/types.ts';
import type { Adapter } from '../lora/adapter.ts';
import { initAdapter } from '../lora/init-adapter.ts';
import { DEFAULT_LORA } from '../lora/lora-config.ts';
import { fileFromBytes, type ModelFile } from '../model/model-file.ts';

export interface WorkloadModel {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kv: number;
  readonly ffn: number;
  readonly vocab: number;
}
/** T for tests, S the size of Scion, M that of SmolLM2-135M; the last two have the shapes of models that GPUs are for. */
export const MODELS: Readonly<Record<string, WorkloadModel>> = {
  T: { hidden: 64, layers: 2, heads: 4, kv: 2, ffn: 96, vocab: 256 },
  XS: { hidden: 128, layers: 4, heads: 4, kv: 2, ffn: 344, vocab: 2048 },
  S: { hidden: 256, layers: 6, heads: 8, kv: 4, ffn: 688, vocab: 4096 },
  M: { hidden: 576, layers: 30, heads: 9, kv: 3, ffn: 1536, vocab: 49152 },
  TinyLlama: { hidden: 2048, layers: 22, heads: 32, kv: 4, ffn: 5632, vocab: 32000 },
  Llama1B: { hidden: 2048, layers: 16, heads: 32, kv: 8, ffn: 8192, vocab: 128256 },
};
export const RANK = 8;
export const ALPHA = 16;

/** Losses of the first four steps (torch + PEFT, f32), for the cases where they are known. */
export const REFERENCE_LOSSES: Readonly<Record<string, readonly number[]>> = {
  'T-b2-s16': [5.62875, 5.58088, 5.53278, 5.48431],
  'S-b1-s128': [8.550894, 8.29661, 8.06806, 7.83565],
  'S-b4-s128': [8.65644, 8.52553, 8.39997, 8.27461],
};

/** Multiply-adds times two that a LoRA step needs: 4·P for the frozen weights, 6·P for the adapter, causal attention. */
export function usefulFlops(m: WorkloadModel, batch: number, seq: number, rank = RANK): number {
  const { frozen, trained } = multiplied(m, rank);
  return batch * seq * (4 * frozen + 6 * trained) + 3 * m.layers * batch * 2 * seq * seq * m.hidden;
}

/** Multiply-adds times two of one token forward, attention left out. */
export function forwardFlops(m: WorkloadModel, rank = RANK): number {
  const { frozen, trained } = multiplied(m, rank);
  return 2 * (frozen + trained);
}

/** Numbers that each token is multiplied by: linears and head, and the adapter on them. */
function multiplied(m: WorkloadModel, rank: number): { readonly frozen: number; readonly trained: number } {
  let linears = 0;
  let lora = 0;
  for (const [, rows, columns] of linearShapes(m)) {
    linears += rows * columns;
    lora += rank * (rows + columns);
  }
  return { frozen: linears * m.layers + m.vocab * m.hidden, trained: lora * m.layers };
}

export function workloadFiles(m: WorkloadModel): ModelFile[] {
  const config = {
    model_type: 'llama',
    hidden_size: m.hidden,
    intermediate_size: m.ffn,
    num_hidden_layers: m.layers,
    num_attention_heads: m.heads,
    num_key_value_heads: m.kv,
    vocab_size: m.vocab,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    max_position_embeddings: 8192,
  };
  return [fileFromBytes('config.json', new TextEncoder().encode(JSON.stringify(config))), weightsFile(m)];
}

/** The starting adapter on all seven projections, B not zero, so that the gradient of A is tested too. */
export function workloadAdapter(linears: ReadonlyMap<string, readonly [number, number]>, rank = RANK): Adapter {
  const adapter = initAdapter(
    { ...DEFAULT_LORA, r: rank, lora_alpha: ALPHA, target_modules: 'all-linear' },
    { linears },
    0,
  );
  const modules = new Map(
    [...adapter.modules].map(([path, module]) => {
      const bound = Math.sqrt(module.inFeatures);
      const a = module.a.map((_, i) => unit(seedOf(`${path}.lora_A`), i) / bound);
      const b = module.b.map((_, i) => unit(seedOf(`${path}.lora_B`), i) * 0.02);
      return [path, { ...module, a, b }];
    }),
  );
  return { ...adapter, modules };
}

/** Rows of seq + 1 tokens, everything supervised. */
export function workloadRows(m: WorkloadModel, batch: number, seq: number): TokenRow[] {
  const seed = seedOf('tokens');
  return Array.from({ length: batch }, (_, b) => ({
    file: 'workload',
    line: b + 1,
    ids: Int32Array.from({ length: seq + 1 }, (_, t) => u32(seed, b * (seq + 1) + t) % m.vocab),
    mask: new Uint8Array(seq + 1).fill(1, 1),
  }));
}

function linearShapes(m: WorkloadModel): (readonly [string, number, number])[] {
  const kv = (m.kv * m.hidden) / m.heads;
  return [
    ['self_attn.q_proj', m.hidden, m.hidden],
    ['self_attn.k_proj', kv, m.hidden],
    ['self_attn.v_proj', kv, m.hidden],
    ['self_attn.o_proj', m.hidden, m.hidden],
    ['mlp.gate_proj', m.ffn, m.hidden],
    ['mlp.up_proj', m.ffn, m.hidden],
    ['mlp.down_proj', m.hidden, m.ffn],
  ];
}

/** One safetensors file in F32 whose numbers are computed when they are read. */
function weightsFile(m: WorkloadModel): ModelFile {
  const tensors: { name: string; shape: number[]; fill: (out: Float32Array, first: number) => void }[] = [];
  const matrix = (name: string, rows: number, columns: number) =>
    tensors.push({ name, shape: [rows, columns], fill: fillMatrix(name, columns) });
  const norm = (name: string) => tensors.push({ name, shape: [m.hidden], fill: fillNorm(name) });
  matrix('model.embed_tokens.weight', m.vocab, m.hidden);
  for (let layer = 0; layer < m.layers; layer++) {
    const path = `model.layers.${layer}`;
    for (const [name, rows, columns] of linearShapes(m)) matrix(`${path}.${name}.weight`, rows, columns);
    for (const name of ['input_layernorm', 'post_attention_layernorm']) norm(`${path}.${name}.weight`);
  }
  norm('model.norm.weight');

  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let end = 0;
  const places = tensors.map(({ name, shape, fill }) => {
    const begin = end;
    end += 4 * shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
    return { begin, end, fill };
  });
  let text = JSON.stringify(header);
  text = text.padEnd(Math.ceil(text.length / 8) * 8);
  const head = new Uint8Array(8 + text.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(text.length), true);
  head.set(new TextEncoder().encode(text), 8);
  return {
    name: 'model.safetensors',
    size: head.length + end,
    async read(offset, length) {
      const out = new Uint8Array(length);
      if (offset < head.length) out.set(head.subarray(offset, Math.min(head.length, offset + length)));
      for (const place of places) {
        const from = Math.max(offset, head.length + place.begin);
        const to = Math.min(offset + length, head.length + place.end);
        if (from >= to) continue;
        const numbers = new Float32Array((to - from) / 4);
        place.fill(numbers, (from - head.length - place.begin) / 4);
        out.set(new Uint8Array(numbers.buffer), from - offset);
      }
      return out;
    },
  };
}

function fillMatrix(name: string, columns: number) {
  const seed = seedOf(name);
  const scaleSeed = seedOf(`${name}.s`);
  const c = name.includes('embed_tokens') ? (0.05 * Math.sqrt(3)) / 127 : Math.sqrt(3) / (127 * Math.sqrt(columns));
  return (out: Float32Array, first: number) => {
    for (let i = 0; i < out.length; i++) {
      const at = first + i;
      const row = Math.floor(at / columns);
      // The first code of a row is 127, so that quantising finds the very scale the row was made with.
      const code = at % columns === 0 ? 127 : (u32(seed, at) % 255) - 127;
      out[i] = code * Math.fround(c * (1 + 0.25 * unit(scaleSeed, row)));
    }
  };
}

function fillNorm(name: string) {
  const seed = seedOf(name);
  return (out: Float32Array, first: number) => {
    for (let i = 0; i < out.length; i++) out[i] = 1 + 0.1 * unit(seed, first + i);
  };
}

/** FNV-1a, 32 bit. */
function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The lowbias32 hash of seed + i·golden ratio. */
function u32(seed: number, i: number): number {
  let x = (seed + Math.imul(i, 0x9e3779b1)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** In [-1, 1), exact in f32. */
function unit(seed: number, i: number): number {
  return (u32(seed, i) >>> 8) / 8388608 - 1;
}
