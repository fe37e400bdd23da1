// What no reference can tell, because its random numbers are others: dropout with DoRA, blocks that are recomputed, and runs
// that go on, with every kind of tensor that an adapter can have.

import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpointing } from '../gpu/recompute.ts';
import type { Adapter } from '../lora/adapter.ts';
import { tensorsOf, withTensors } from '../lora/adapter-tensors.ts';
import { readPeftFolder } from '../lora/files/peft.ts';
import { FlatAdapter, readFlat, splitFlat } from '../lora/flat-adapter.ts';
import { DEFAULT_LORA } from '../lora/lora-config.ts';
import { startAdapter } from '../lora/start-adapter.ts';
import { openModel, Q8 } from '../model/testing/open-model.ts';
import { latestCheckpoint } from './checkpoint.ts';
import { DEFAULT_SETTINGS } from './recipe.ts';
import { runTraining } from './run-training.ts';
import {
  type BaseJson,
  diskFolder,
  goldenBatch,
  goldenPath,
  goldenRows,
  readGoldenJson,
  relativeL2,
} from './testing/golden.ts';
import { planStep, TrainStep } from './train-step.ts';

const folder = goldenPath('llama')!;
const opened = openModel(path.join(folder, 'model'), Q8);
const base = readGoldenJson<BaseJson>(folder, 'base.json');
const batch = goldenBatch(base);
const plain = async (): Promise<Adapter> =>
  (await readPeftFolder(diskFolder(path.join(folder, 'lora_all_linear/adapter')), (await opened).parts)).adapter;

/** m = n, so that rows keep their lengths: the result is that of plain LoRA. */
async function asDora(adapter: Adapter): Promise<Adapter> {
  const model = await opened;
  const unit = new Map(
    [...adapter.modules].map(([at, m]) => [at, { ...m, magnitude: new Float32Array(m.outFeatures) }]),
  );
  const dora = { ...adapter, config: { ...adapter.config, use_dora: true }, modules: unit };
  const flat = await FlatAdapter.load(model.device, dora);
  await flat.measure(model);
  const table = tensorsOf(dora);
  for (const at of unit.keys()) {
    const { buffer, offset, size } = flat.extra.get(`${at}.norm`)!;
    const all = await readFlat(model.device, buffer);
    table.set(`${at}.lora_magnitude_vector`, all.slice(offset / 4, (offset + size) / 4));
  }
  flat.destroy();
  return withTensors(dora, table);
}

async function gradients(adapter: Adapter, dropout: number, checkpointing: Checkpointing = 'none') {
  const model = await opened;
  const flat = await FlatAdapter.load(model.device, adapter);
  const shape = { columns: batch.columns, positions: 24, dropout, checkpointing };
  const step = await TrainStep.create(model, flat, { ...shape, weightDecay: 0 });
  expect(step.allocatedBytes).toBe(planStep(model, model.device.traits, adapter, shape).total);
  step.clearGradients();
  const { loss } = await step.forwardAndBackward([batch], { update: 1, seed: 7 });
  const table = splitFlat(adapter, await readFlat(model.device, step.optimizer.grads));
  step.destroy();
  flat.destroy();
  return { loss, table };
}

describe('DoRA with dropout', () => {
  it('drops what plain LoRA drops, and leaves the base whole, as PEFT does', async () => {
    const adapter = await plain();
    const dora = await asDora(adapter);
    const [theirs, ours] = [await gradients(adapter, 0.3), await gradients(dora, 0.3)];
    expect(Math.abs(ours.loss - theirs.loss)).toBeLessThan(1e-5);
    for (const [tensor, gradient] of theirs.table)
      expect(relativeL2(ours.table.get(tensor)!, gradient), tensor).toBeLessThan(1e-4);
    const without = await gradients(dora, 0);
    expect(Math.abs(without.loss - theirs.loss)).toBeGreaterThan(1e-3); // control
  });
});

/** Every kind of tensor at once, but for B's biases, which PEFT does not do with DoRA. */
const EVERYTHING = {
  ...DEFAULT_LORA,
  r: 2,
  lora_alpha: 4,
  target_modules: ['q_proj', 'down_proj', 'lm_head'],
  use_dora: true,
  modules_to_save: ['model.norm', 'up_proj'],
  trainable_token_indices: [...new Set(base.batch.input_ids[0]!)].slice(0, 3),
};

describe('an adapter with every kind of tensor', () => {
  it('has the same gradients to the bit when blocks are recomputed', async () => {
    const adapter = await startAdapter(await opened, EVERYTHING, 1);
    const kinds = new Set([...tensorsOf(adapter).keys()].map((name) => name.slice(name.lastIndexOf('.') + 1)));
    expect([...kinds].sort()).toEqual(['lora_magnitude_vector', 'trainable_tokens_delta', 'weight']);
    const whole = await gradients(adapter, 0.2);
    for (const level of ['block', 'block-keep-attention'] as const) {
      const again = await gradients(adapter, 0.2, level);
      expect(again.loss).toBe(whole.loss);
      expect(again.table).toEqual(whole.table);
    }
  });

  it.each([
    ['DoRA, saved modules and tokens', EVERYTHING],
    [
      'what pissa takes from the base',
      { ...DEFAULT_LORA, r: 2, target_modules: ['q_proj'], init_lora_weights: 'pissa' },
    ],
  ])('goes on from a checkpoint with the bits of a run that was not interrupted: %s', async (_, config) => {
    const model = await opened;
    const settings = {
      ...DEFAULT_SETTINGS,
      steps: 6,
      batchSize: 1,
      dropout: 0.1,
      loraPlusRatio: 4,
      validationSplit: 0,
    };
    const { epochs: _epochs, ...own } = settings;
    const rows = goldenRows(base);
    const records: Uint8Array[] = [];
    const run = async (stopAfter: number, resumeFrom?: Awaited<ReturnType<typeof latestCheckpoint>>['checkpoint']) => {
      const flat = await FlatAdapter.load(model.device, await startAdapter(model, config, 1));
      const stop = new AbortController();
      const losses: number[] = [];
      const store = {
        save: async (record: Uint8Array) => void records.unshift(record),
        clear: async () => {},
        async *records() {
          yield* records;
        },
      };
      await runTraining(model, flat, {
        rows,
        settings: own,
        hooks: {
          signal: stop.signal,
          onEvent(event) {
            if (event.type !== 'step') return;
            losses.push(event.loss);
            if (event.step === stopAfter) stop.abort();
          },
        },
        checkpoints: {
          store,
          identity: { base: '', data: '', layout: '', device: '', deviceName: '' },
          everySteps: 1e9,
          everySeconds: 1e9,
          keepWhenStopped: true,
          resumeFrom,
        },
      });
      const result = { losses, tensors: await flat.read() };
      flat.destroy();
      return result;
    };
    const whole = await run(0);
    await run(3);
    const { checkpoint } = await latestCheckpoint({
      save: async () => {},
      clear: async () => {},
      async *records() {
        yield* records;
      },
    });
    const rest = await run(0, checkpoint);
    expect(rest.losses).toEqual(whole.losses.slice(3));
    expect(rest.tensors).toEqual(whole.tensors);
  });
});
