// Thousands of changed files through everything that opening a model does, short of the GPU.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { fileFromBytes, type ModelFile } from '../model-file.ts';
import { openModelFolder } from '../model-folder.ts';
import { modelParts } from '../model-parts.ts';
import { placeWeight, preparePieces } from '../prepare-weights.ts';
import { edits, mutate, watchAllocations } from './hostile.ts';
import { sharedPath } from './shared.ts';
import { tinyGgufBytes } from './tiny-gguf.ts';

/** Of one thing; the files have less than half a megabyte, and pieces of weights 8. */
const MAX_BYTES = 32 << 20;
/** For one file. A hang is longer, a busy machine is shorter. */
const MAX_MS = 20_000;

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

/**
 * Opens `runs` changed files. Each opens, or is refused with one sentence; nothing hangs, nothing is read outside the file, and
 * nothing is allocated beyond the limit. Returns how many were refused and how many opened.
 */
export async function checkHostile(
  sources: readonly HostileSource[],
  options: { readonly runs: number; readonly seed: number; readonly limitMs?: number },
): Promise<{ readonly refused: number; readonly opened: number }> {
  const counts = { refused: 0, opened: 0 };
  const property = fc.asyncProperty(fc.constantFrom(...sources), edits, async (source, changes) => {
    const bytes = mutate(source.bytes, source.headBytes, changes);
    const file = fileFromBytes(source.name, bytes);
    const began = performance.now();
    let failure: unknown;
    const largest = await watchAllocations(async () => {
      try {
        await openAll([...source.beside, file]);
      } catch (error) {
        failure = error;
      }
    });
    if (failure === undefined) counts.opened++;
    else {
      counts.refused++;
      expect(failure).toBeInstanceOf(Error);
      expect((failure as Error).message).toMatch(/^Cannot \S.*[^.]$/s);
    }
    expect(largest).toBeLessThanOrEqual(MAX_BYTES);
    expect(performance.now() - began).toBeLessThan(MAX_MS);
  });
  await fc.assert(property, {
    numRuns: options.runs,
    seed: options.seed,
    ...(options.limitMs !== undefined && { interruptAfterTimeLimit: options.limitMs }),
  });
  return counts;
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
