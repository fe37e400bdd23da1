// The embedding's row of the padding id is not trained, as torch's padding_idx has it, even where rows contain the id: models whose
// padding is also their end of turn (SmolLM2's) have it in every chat.

import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Adapter } from '../lora/adapter.ts';
import { FlatAdapter, readFlat, splitFlat } from '../lora/flat-adapter.ts';
import { DEFAULT_LORA, type LoraConfig } from '../lora/lora-config.ts';
import { startAdapter } from '../lora/start-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { baseName, fileFromBytes } from '../model/model-file.ts';
import { F32, modelsFor } from '../model/testing/open-model.ts';
import { type BaseJson, diskFolder, goldenBatch, goldenPath, readGoldenJson } from './testing/golden.ts';
import { TrainStep } from './train-step.ts';

const folder = goldenPath('mistral_wide')!;
const base = readGoldenJson<BaseJson>(folder, 'base.json');
const [PADDING, OTHER] = base.batch.input_ids[0]!.slice(3) as [number, number];
const VOCAB = 48;

/** The fixture with an id of its rows as `pad_token_id`. */
const open = modelsFor(async (padding) => {
  const files = diskFolder(path.join(folder, 'model'));
  const config = {
    ...readGoldenJson<object>(path.join(folder, 'model'), 'config.json'),
    pad_token_id: Number(padding),
  };
  const json = fileFromBytes('config.json', new TextEncoder().encode(JSON.stringify(config)));
  return files.map((file) => (baseName(file.name) === 'config.json' ? json : file));
}, F32);

async function gradient(model: BaseModel, adapter: Adapter, tensor: string): Promise<Float32Array> {
  const flat = await FlatAdapter.load(model.device, adapter);
  const batch = goldenBatch(base);
  const step = await TrainStep.create(model, flat, {
    columns: batch.columns,
    positions: 24,
    dropout: 0,
    weightDecay: 0,
  });
  try {
    step.clearGradients();
    await step.forwardAndBackward([batch], { update: 1, seed: 0 });
    return splitFlat(adapter, await readFlat(model.device, step.optimizer.grads)).get(tensor)!;
  } finally {
    step.destroy();
    flat.destroy();
  }
}

interface Case {
  readonly config: Partial<LoraConfig>;
  readonly tensor: string;
  /** Element j of id's row, where the tensor has the row. */
  at(id: number, j: number): number;
  /** Elements of a row. */
  readonly size: number;
}
const HIDDEN = 24;
const TOKENS = [OTHER, PADDING];
const CASES: readonly Case[] = [
  {
    config: { target_modules: ['q_proj'], modules_to_save: ['embed_tokens'] },
    tensor: 'model.embed_tokens.weight',
    at: (id, j) => id * HIDDEN + j,
    size: HIDDEN,
  },
  {
    config: { target_modules: ['embed_tokens'], r: 3, init_lora_weights: false },
    tensor: 'model.embed_tokens.lora_embedding_A',
    at: (id, j) => j * VOCAB + id,
    size: 3,
  },
  {
    config: { target_modules: ['q_proj'], trainable_token_indices: TOKENS },
    tensor: 'model.embed_tokens.token_adapter.trainable_tokens_delta',
    at: (id, j) => TOKENS.indexOf(id) * HIDDEN + j,
    size: HIDDEN,
  },
];

describe('the row of the padding id', () => {
  it.each(CASES)(
    'gets no gradient, and changes nothing of the others: $tensor',
    async ({ config, tensor, at, size }) => {
      const gradients = await Promise.all(
        [PADDING, OTHER].map(async (id) => {
          const model = await open(`${id}`);
          return gradient(model, await startAdapter(model, { ...DEFAULT_LORA, ...config }, 1), tensor);
        }),
      );
      const [padded, other] = gradients as [Float32Array, Float32Array];
      const row = (of: Float32Array, id: number) => Array.from({ length: size }, (_, j) => of[at(id, j)]);
      const zeros = new Array<number>(size).fill(0);
      expect(row(padded, PADDING)).toEqual(zeros);
      expect(row(other, OTHER)).toEqual(zeros);
      expect(row(padded, OTHER)).not.toEqual(zeros);
      for (let j = 0; j < size; j++) {
        padded[at(PADDING, j)] = other[at(PADDING, j)]!;
        other[at(OTHER, j)] = padded[at(OTHER, j)]!;
      }
      expect(padded).toEqual(other);
    },
  );
});
