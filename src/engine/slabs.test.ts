// Matrices that no binding of the device holds lie there in slabs of rows. A device whose bindings hold little makes the same step,
// and gives the same answers, as one whose bindings hold all of it, within the rounding of sums in another order.

import { afterAll, describe, expect, it } from 'vitest';
import { makeBatch, trainedLength } from '../data/make-batch.ts';
import type { Device } from '../gpu/device.ts';
import { openDevice } from '../gpu/testing/open-device.ts';
import { expectClose } from '../gpu/testing/run-kernel.ts';
import { TIMEOUT } from '../gpu/testing/variants.ts';
import { STORAGES } from '../gpu/testing/weights.ts';
import type { Storage } from '../gpu/weight.ts';
import type { Adapter } from '../lora/adapter.ts';
import { FlatAdapter, readFlat } from '../lora/flat-adapter.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { Generator } from '../train/generate.ts';
import type { LoraChoice } from '../train/lora-settings.ts';
import { DEFAULT_SETTINGS } from '../train/recipe.ts';
import { planStep, TrainStep } from '../train/train-step.ts';
import { workloadAdapter, workloadFiles, workloadRows } from './bench-workload.ts';
import { newAdapter } from './train-adapter.ts';

const MODEL = { hidden: 128, layers: 2, heads: 8, kv: 4, ffn: 96, vocab: 600 };
const T = 4;
/** Sums of 96 to 600 products in another order, relative to the largest result. */
const ROUNDING = 2e-5;

const ENOUGH = Number.POSITIVE_INFINITY;

/** The test device as one whose bindings hold at most so much. The planner refuses whatever would bind more. */
async function deviceOf(maxBindingBytes: number): Promise<Device> {
  const device = await openDevice();
  const limit = Math.min(maxBindingBytes, device.traits.maxBindingBytes);
  return Object.create(device, { traits: { value: { ...device.traits, maxBindingBytes: limit } } }) as Device;
}

const opened: BaseModel[] = [];
afterAll(() => {
  for (const model of opened) model.destroy();
});

async function openModel(storage: Storage, limit: number): Promise<BaseModel> {
  const folder = await openModelFolder(workloadFiles(MODEL), 'slabs');
  const model = await BaseModel.open(await deviceOf(limit), folder, { linears: storage, embeddings: storage });
  opened.push(model);
  return model;
}

async function step(
  storage: Storage,
  limit: number,
  adapterOf: (model: BaseModel) => Adapter | Promise<Adapter> = (model) => workloadAdapter(model.linears(), 4),
  token = 0,
) {
  const model = await openModel(storage, limit);
  const adapter = await adapterOf(model);
  const flat = await FlatAdapter.load(model.device, adapter);
  const rows = workloadRows(MODEL, 1, T).map((row) => ({
    ...row,
    ids: row.ids.map((id) => (id + token) % MODEL.vocab),
  }));
  const batch = makeBatch(rows, [0], T, trainedLength);
  const shape = { columns: T, positions: T + 1, dropout: 0, checkpointing: 'block' } as const;
  const train = await TrainStep.create(model, flat, { ...shape, weightDecay: 0.01 });
  expect(train.allocatedBytes).toBe(planStep(model, model.device.traits, adapter, shape).total);
  train.clearGradients();
  const { loss } = await train.forwardAndBackward([batch], { update: 1, seed: 0 });
  const gradients = await readFlat(model.device, train.optimizer.grads);
  const { gradNorm } = await train.optimizer.update({ lr: 1e-2, update: 1, clip: 1 });
  const params = await readFlat(model.device, flat.params);
  const { dispatchCount } = train;
  train.destroy();
  flat.destroy();
  return { loss, gradients, gradNorm, params, dispatchCount };
}

function expectSame(split: Awaited<ReturnType<typeof step>>, whole: Awaited<ReturnType<typeof step>>): void {
  expect(split.dispatchCount, 'there are slabs').toBeGreaterThan(whole.dispatchCount);
  expect(split.loss).toBeCloseTo(whole.loss, 4);
  expectClose(split.gradients, whole.gradients, ROUNDING);
  expectClose([split.gradNorm], [whole.gradNorm], ROUNDING);
  expect(split.params.some((value) => value !== 0)).toBe(true);
}

/** Bytes that hold some slabs of the table of 600 × 128, of the linears in f32 and f16, and the logits of four columns. */
const LIMITS: Readonly<Record<Storage, number>> = {
  f32: 33_000,
  f16: 17_000,
  q8: 17_000,
  'int8-row': 17_000,
  nf4: 17_000,
  'nf4-dq': 17_000,
};

describe('a device whose bindings hold little', () => {
  it.each(STORAGES)(
    'makes the same step with the base in %s',
    async (storage) => {
      const whole = await step(storage, ENOUGH);
      const split = await step(storage, LIMITS[storage]);
      expectSame(split, whole);
      const other = await step(storage, LIMITS[storage], undefined, 1);
      expect(() => expectSame(other, whole), 'control: other tokens').toThrow();
    },
    TIMEOUT,
  );

  const KINDS: [what: string, lora: LoraChoice, limit: number, rank: number, storage: Storage][] = [
    ['DoRA', { use_dora: true }, 33_000, 4, 'f32'],
    ['trained head and embedding', { modules_to_save: ['embed_tokens', 'lm_head'] }, 40_000, 4, 'f32'],
    ['LoRA on the embedding', { target_modules: ['embed_tokens', 'q_proj', 'down_proj'] }, 160_000, 128, 'f32'],
    ['LoRA whose factors are larger than the matrix', { target_modules: ['q_proj', 'gate_proj'] }, 40_000, 128, 'q8'],
  ];
  it.each(KINDS)(
    'trains %s alike',
    async (_, lora, limit, rank, storage) => {
      const settings = { ...DEFAULT_SETTINGS, rank, lora: { init_lora_weights: false, ...lora } };
      const adapterOf = (model: BaseModel) => newAdapter(model, settings);
      expectSame(await step(storage, limit, adapterOf), await step(storage, ENOUGH, adapterOf));
    },
    TIMEOUT,
  );

  it(
    'answers alike',
    async () => {
      const answer = async (limit: number) => {
        const model = await openModel('f32', limit);
        const flat = await FlatAdapter.load(model.device, workloadAdapter(model.linears(), 4));
        const generator = await Generator.create(model, [{ adapter: flat, strength: 1 }], 12);
        const ids: number[] = [];
        const sampling = { maxTokens: 8, stopIds: [], temperature: 0, topP: 1, seed: 0 };
        for await (const { id } of generator.run([5, 77, 402, 599], sampling)) if (id !== undefined) ids.push(id);
        generator.destroy();
        flat.destroy();
        return ids;
      };
      const whole = await answer(ENOUGH);
      expect(whole.length).toBe(8);
      expect(await answer(70_000)).toEqual(whole);
    },
    TIMEOUT,
  );
});
