// Families of which no reference GGUF lies beside the repository: their safetensors written under llama.cpp's names, in
// its orientation and with its settings, open as what they were. What llama.cpp's converter does is told in `toGguf`.

import { expect, it } from 'vitest';
import { fileFromBytes } from '../model-file.ts';
import { openModelFolder } from '../model-folder.ts';
import { modelParts } from '../model-parts.ts';
import { readModelTensors } from '../model-tensors.ts';
import { type Piece, placeWeight, preparePieces, type WeightSpec } from '../prepare-weights.ts';
import { readTensor, rowsOf } from '../read-tensor.ts';
import type { TensorInfo } from '../safetensors.ts';
import { describeWithShared, sharedFolder, sharedJson } from '../testing/shared.ts';
import { jsonFile } from '../testing/tiny-model.ts';
import { ARCHITECTURES, architectureOf } from './architectures.ts';
import { openGguf } from './open-gguf.ts';
import { type GgufTensor, type TypedValue, writeGguf } from './write-gguf.ts';

interface Case {
  readonly family: string;
  /** By key without the architecture, from config.json. */
  readonly settings: Readonly<Record<string, TypedValue>>;
  /** What GGUF cannot say, as llama.cpp takes it. */
  readonly change?: Readonly<Record<string, unknown>>;
  /** The values of the file for Hugging Face's tensor. */
  toGguf?(info: TensorInfo, values: Float32Array): { readonly shape: readonly number[]; readonly values: Float32Array };
}
const u32 = (value: number): TypedValue => ({ type: 'u32', value });
const f32 = (value: number): TypedValue => ({ type: 'f32', value });
const SIZES = {
  block_count: u32(2),
  embedding_length: u32(64),
  feed_forward_length: u32(128),
  context_length: u32(256),
};

const CASES: readonly Case[] = [
  {
    family: 'gpt2',
    settings: { ...SIZES, 'attention.head_count': u32(4), 'attention.layer_norm_epsilon': f32(1e-5) },
    toGguf: (info, values) =>
      /\.(c_attn|c_proj|c_fc)\.weight$/.test(info.name) ? transposed(info, values) : { shape: info.shape, values },
  },
  {
    family: 'gemma3_text',
    settings: {
      ...SIZES,
      'attention.head_count': u32(4),
      'attention.head_count_kv': u32(2),
      'attention.key_length': u32(20),
      'attention.value_length': u32(20),
      'attention.sliding_window': u32(8),
      'attention.layer_norm_rms_epsilon': f32(1e-6),
      'rope.freq_base': f32(1e6),
    },
    change: { query_pre_attn_scalar: 20, layer_types: undefined, sliding_window_pattern: 6 },
    toGguf: (info, values) => ({
      shape: info.shape,
      values: info.name.endsWith('norm.weight') ? values.map((w) => w + 1) : values,
    }),
  },
  {
    family: 'phi3',
    settings: {
      ...SIZES,
      'attention.head_count': u32(4),
      'attention.head_count_kv': u32(2),
      'attention.layer_norm_rms_epsilon': f32(1e-5),
      'rope.dimension_count': u32(16),
      'rope.freq_base': f32(10_000),
      'rope.scaling.original_context_length': u32(256),
    },
  },
];

describeWithShared('architectures without a reference file', 'goldens/gpt2/model', () => {
  it.each(CASES)('$family: has the tensors and settings of its config.json', async (model) => {
    const { family, change = {}, toGguf = (info, values) => ({ shape: info.shape, values }) } = model;
    const { tensors: original } = await readModelTensors(sharedFolder(`goldens/${family}/model`));
    const [name] = architectureOf(family)!;
    const names = llamaNames(name);
    const expected = new Map<string, ReturnType<NonNullable<Case['toGguf']>>>();
    const written: GgufTensor[] = [];
    for (const info of original.values()) {
      const { shape, values } = toGguf(info, await readTensor(info));
      expected.set(info.name, { shape, values });
      written.push({ name: names(info.name), dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
    }
    const settings = Object.entries(model.settings).map(([key, value]) => [`${name}.${key}`, value] as const);
    const metadata = {
      'general.architecture': { type: 'text', value: name } as const,
      ...Object.fromEntries(settings),
    };
    const file = fileFromBytes('x.gguf', writeGguf(metadata, written));
    const opened = await openGguf(file);
    expect([...opened.tensors.keys()].sort()).toEqual([...original.keys()].sort());
    for (const [path, info] of opened.tensors) {
      expect(info.asUsed).toBe(true);
      expect({ shape: info.shape, values: await readTensor(info) }, path).toEqual(expected.get(path));
    }

    // The original with what GGUF cannot say taken as llama.cpp takes it: the same settings, and the same bytes for the device.
    const settingsFile = { ...sharedJson<object>(`goldens/${family}/model/config.legacy.json`), ...change };
    const folder = await openModelFolder([
      ...sharedFolder(`goldens/${family}/model`).filter((f) => f.name === 'model.safetensors'),
      jsonFile('config.json', settingsFile),
    ]);
    const fromGguf = await openModelFolder([file]);
    expect(fromGguf.warnings).toEqual([]);
    const { bos, eos, pad, normEps, ...config } = fromGguf.config;
    expect(folder.config).toMatchObject(config);
    expect(Math.fround(folder.config.normEps)).toBe(normEps);
    for (const spec of modelParts(folder.config).tensors)
      expect(await pieces(fromGguf.tensors, spec), spec.name).toEqual(await pieces(folder.tensors, spec));
  });
});

async function pieces(tensors: ReadonlyMap<string, TensorInfo>, spec: WeightSpec): Promise<Piece[]> {
  const found: Piece[] = [];
  const place = placeWeight(spec, { linears: 'q8', embeddings: 'f32' });
  for await (const piece of preparePieces(tensors, place)) found.push(piece);
  return found;
}

/** From Hugging Face's names to llama.cpp's. */
function llamaNames(architecture: string): (name: string) => string {
  const { blocks, inside, outside } = ARCHITECTURES[architecture]!;
  const find = (paths: Readonly<Record<string, string>>, path: string) =>
    Object.keys(paths).find((stem) => paths[stem] === path)!;
  return (name) => {
    const [, path = '', kind] = /^(.*)\.(weight|bias)$/.exec(name)!;
    const match = path.startsWith(`${blocks}.`) ? /^(\d+)\.(.+)$/.exec(path.slice(blocks.length + 1)) : null;
    return match ? `blk.${match[1]}.${find(inside, match[2]!)}.${kind}` : `${find(outside, path)}.${kind}`;
  };
}

function transposed(info: TensorInfo, values: Float32Array) {
  const { rows, columns } = rowsOf(info);
  const out = Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
  return { shape: [columns, rows], values: out };
}
