import path from 'node:path';
import { expect, it } from 'vitest';
import type { Adapter } from '../lora/adapter.ts';
import { readPeftFolder } from '../lora/files/peft.ts';
import { FlatAdapter, readFlat, splitFlat } from '../lora/flat-adapter.ts';
import { openModel, Q8 } from '../model/testing/open-model.ts';
import { type BaseJson, diskFolder, goldenBatch, goldenPath, readGoldenJson, relativeL2 } from './testing/golden.ts';
import { buildStep, TrainStep } from './train-step.ts';

const folder = goldenPath('llama')!;
const opened = openModel(path.join(folder, 'model'), Q8);
const batch = goldenBatch(readGoldenJson<BaseJson>(folder, 'base.json'));

const allLinear = async (): Promise<Adapter> =>
  (await readPeftFolder(diskFolder(path.join(folder, 'lora_all_linear/adapter')), (await opened).parts)).adapter;

/** Loss and gradient of a step whose micro-batches are `count` times the same rows. */
async function repeated(
  count: number,
  { dropout = 0.1, update = 1, seed = 7, adapter = undefined as Adapter | undefined },
) {
  const model = await opened;
  adapter ??= await allLinear();
  const flat = await FlatAdapter.load(model.device, adapter);
  const step = await TrainStep.create(model, flat, { columns: batch.columns, positions: 24, dropout, weightDecay: 0 });
  step.clearGradients();
  const { loss } = await step.forwardAndBackward(Array(count).fill(batch), { update, seed });
  const gradient = await readFlat(model.device, step.optimizer.grads);
  step.destroy();
  flat.destroy();
  return { loss, gradient };
}

it('every micro-batch, step and seed has dropout masks of its own, as every forward pass has in PEFT', async () => {
  const once = await repeated(1, {});
  expect(await repeated(1, {}), 'the same masks for the same three').toEqual(once);
  for (const [which, count, other] of [
    ['micro-batch', 2, {}],
    ['step', 1, { update: 2 }],
    ['seed', 1, { seed: 8 }],
  ] as const) {
    const { loss, gradient } = await repeated(count, other);
    expect(Math.abs(loss - once.loss), which).toBeGreaterThan(1e-5);
    expect(relativeL2(gradient, once.gradient), which).toBeGreaterThan(1e-2);
  }
  // Control: without dropout the same rows twice are the rows once.
  const [plain, twice] = [await repeated(1, { dropout: 0 }), await repeated(2, { dropout: 0 })];
  expect(twice.loss).toBeCloseTo(plain.loss, 12);
  expect(relativeL2(twice.gradient, plain.gradient)).toBeLessThan(1e-6);
});

it('an adapter on q alone computes dk and dv in no layer but those above its lowest, to the same gradients', async () => {
  const model = await opened;
  const all = await allLinear();
  const only = (names: RegExp, silent = /^$/): Adapter => ({
    ...all,
    modules: new Map(
      [...all.modules].flatMap(([at, m]) =>
        names.test(at) ? [[at, silent.test(at) ? { ...m, b: new Float32Array(m.b.length) } : m] as const] : [],
      ),
    ),
  });
  const q = only(/q_proj$/);
  const beside = only(/[qk]_proj$/, /k_proj$/);
  const backward = (adapter: Adapter) => {
    const shape = { columns: batch.columns, positions: 24, dropout: 0 };
    return buildStep(model, model.device.traits, adapter, shape).graph.ops.filter(
      ({ label }) => label === 'attention dkdv',
    );
  };
  expect(backward(beside)).toHaveLength(model.config.layers);
  expect(backward(q)).toHaveLength(model.config.layers - 1);
  const gradients = async (adapter: Adapter) =>
    splitFlat(adapter, (await repeated(1, { dropout: 0, adapter })).gradient);
  const [own, theirs] = [await gradients(q), await gradients(beside)];
  expect(own.size).toBe(2 * model.config.layers);
  for (const [tensor, gradient] of own) expect(relativeL2(gradient, theirs.get(tensor)!), tensor).toBeLessThan(1e-5);
});
