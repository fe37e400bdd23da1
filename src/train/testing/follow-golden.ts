// A reference's batch through a training step: its gradients, and twenty steps of AdamW.

import type { Adapter } from '../../lora/adapter.ts';
import { transpose } from '../../lora/files/transpose.ts';
import { FlatAdapter, readFlat, splitFlat } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { Generator } from '../generate.ts';
import type { OptimizerGroups } from '../optimizer.ts';
import { promptLength } from '../soft-prompt.ts';
import { TrainStep } from '../train-step.ts';
import { type BaseJson, goldenBatch, goldenRows, relativeL2 } from './golden.ts';

/** Relative L2 of every gradient of the reference's batch, by tensor. */
export async function gradientErrors(
  model: BaseModel,
  adapter: Adapter,
  base: BaseJson,
  expected: ReadonlyMap<string, Float32Array>,
): Promise<[string, number][]> {
  const flat = await FlatAdapter.load(model.device, adapter);
  const batch = goldenBatch(base, flat);
  const step = await TrainStep.create(model, flat, {
    columns: batch.columns,
    positions: 24 + promptLength(flat),
    dropout: 0,
    weightDecay: 0,
  });
  try {
    step.clearGradients();
    await step.forwardAndBackward([batch], { update: 1, seed: 0 });
    const gradients = await readFlat(model.device, step.optimizer.grads);
    return [...splitFlat(adapter, gradients)].map(([tensor, gradient]) => {
      const theirs = (expected.get(`grad.base_model.model.${tensor}`) ?? expected.get(`grad.${tensor}`))!;
      const own = adapter.saved?.get(tensor);
      return [tensor, relativeL2(gradient, own?.transposed ? transpose(theirs, own.shape[1]!, own.shape[0]!) : theirs)];
    });
  } finally {
    step.destroy();
    flat.destroy();
  }
}

/** Twenty steps as the references made them; the last loss is that of the final adapter. */
export async function trainTwenty(
  model: BaseModel,
  adapter: Adapter,
  base: BaseJson,
  lrs: readonly number[],
  groups: OptimizerGroups = { weightDecay: 0.01 },
) {
  const flat = await FlatAdapter.load(model.device, adapter);
  const batch = goldenBatch(base, flat);
  const step = await TrainStep.create(model, flat, {
    columns: batch.columns,
    positions: 24 + promptLength(flat),
    dropout: 0,
    ...groups,
  });
  try {
    const losses: number[] = [];
    const norms: number[] = [];
    for (const [i, lr] of lrs.entries()) {
      const result = await step.run([batch], { lr, update: i + 1, clip: 1, seed: 0 });
      losses.push(result.loss);
      norms.push(result.gradNorm);
    }
    losses.push((await step.evaluate(batch)).sum / batch.supervised);
    return { losses, norms, final: await flat.read() };
  } finally {
    step.destroy();
    flat.destroy();
  }
}

/** Sixteen ids after each row of the reference's batch, always the likeliest. */
export async function greedyIds(model: BaseModel, adapter: Adapter | undefined, base: BaseJson): Promise<number[][]> {
  const flat = adapter && (await FlatAdapter.load(model.device, adapter));
  const out: number[][] = [];
  for (const { ids } of goldenRows(base)) {
    const generator = await Generator.create(model, [{ adapter: flat, strength: 1 }], ids.length + 16);
    const row: number[] = [];
    for await (const { id } of generator.run([...ids], {
      maxTokens: 16,
      temperature: 0,
      topP: 1,
      seed: 0,
      stopIds: [],
    }))
      if (id !== undefined) row.push(id);
    generator.destroy();
    out.push(row);
  }
  flat?.destroy();
  return out;
}
