// Thousands of changed files through everything that opening a model does, short of the GPU.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fuzzReader } from '../../testing/fuzz-reader.ts';
import { fileFromBytes, type ModelFile } from '../model-file.ts';
import { openModelFolder } from '../model-folder.ts';
import { modelParts } from '../model-parts.ts';
import { placeWeight, preparePieces } from '../prepare-weights.ts';
import { sharedPath } from './shared.ts';
import { tinyGgufBytes } from './tiny-gguf.ts';

/** Of one thing; the files have less than half a megabyte, and pieces of weights 8. */
const MAX_BYTES = 32 << 20;

export interface HostileSource {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly headBytes: number;
  /** Files of the folder beside it. */
  readonly beside: readonly ModelFile[];
}

const FIXTURES = path.resolve(import.meta.dirname, '../../train/testing/fixtures');

export function safetensorsSources(): HostileSource[] {
  return ['llama', 'gpt2_hub', 'bloom_three_heads', 'phi3_longrope'].map((name) => {
    const folder = path.join(FIXTURES, name, 'model');
    const bytes = new Uint8Array(readFileSync(path.join(folder, 'model.safetensors')));
    const beside = readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => fileFromBytes(file, new Uint8Array(readFileSync(path.join(folder, file)))));
    return {
      name: 'model.safetensors',
      bytes,
      headBytes: 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true)),
      beside,
    };
  });
}

export function ggufSources(): HostileSource[] {
  const real = ['llama', 'qwen2', 'gpt_neox'].map((family) => sharedPath(`goldens/gguf/${family}/base.q8_0.gguf`));
  const files = [tinyGgufBytes(), ...real.filter(existsSync).map((file) => new Uint8Array(readFileSync(file)))];
  return files.map((bytes) => ({ name: 'model.gguf', bytes, headBytes: Math.min(bytes.length, 12_000), beside: [] }));
}

/** Opens `runs` changed files; returns how many were refused and how many opened. */
export async function checkHostile(
  sources: readonly HostileSource[],
  options: { readonly runs: number; readonly seed: number; readonly limitMs?: number },
): Promise<{ readonly refused: number; readonly opened: number }> {
  const open = (bytes: Uint8Array, { name, beside }: HostileSource) => openAll([...beside, fileFromBytes(name, bytes)]);
  const { refused, read } = await fuzzReader(sources, open, { ...options, maxBytes: MAX_BYTES });
  return { refused, opened: read };
}

/** What opening a model does with its files: every header, every tensor, the tokenizer. */
async function openAll(files: readonly ModelFile[]): Promise<void> {
  const folder = await openModelFolder(files, 'hostile');
  for (const spec of modelParts(folder.config).tensors) {
    const place = placeWeight(spec, { linears: 'nf4', embeddings: 'q8' });
    for await (const { bytes } of preparePieces(folder.tensors, place)) if (bytes.length < 0) return;
  }
  const tokenizer = await folder.loadTokenizer?.();
  tokenizer?.encode('Hello, <|im_end|> wörld 123\n', { special: true });
}
