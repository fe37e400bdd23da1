// What a run will take of the device's memory, to the byte, before anything is allocated: one adapter, or several at once over the
// open base.

import type { TokenRow } from '../data/types.ts';
import { type AdapterShape, countTrainable, savedBytes } from '../lora/adapter-tensors.ts';
import type { BaseModel } from '../model/base-model.ts';
import { levelOf, stepsPerEpoch, type TrainSettings, totalSteps } from '../train/recipe.ts';
import { runShape } from '../train/run-shape.ts';
import { promptLength } from '../train/soft-prompt.ts';
import { splitRows } from '../train/split-rows.ts';
import { planStep } from '../train/train-step.ts';
import { arenaSizes } from '../train/train-together.ts';
import { settleForRows } from './autopilot/settle-checkpointing.ts';
import { planWatch } from './lab/watch-forgetting.ts';
import type { MemoryPlan } from './protocol.ts';

export interface PlannedMember {
  readonly shape: AdapterShape;
  readonly rows: readonly TokenRow[];
  readonly settings: TrainSettings;
}

/** Steps and epochs are those of the longest of them. */
export async function planMembers(model: BaseModel, members: readonly PlannedMember[]): Promise<MemoryPlan> {
  const { traits } = model.device;
  const positions: number[] = [];
  const sums = { adapter: 0, activations: 0, other: 0, forgetting: 0 };
  for (const { shape, rows, settings } of members) {
    const step = runShape(rows, settings, promptLength({ shape }));
    const plan = planStep(model, traits, shape, step);
    positions.push(step.positions);
    for (const key of ['adapter', 'activations', 'other'] as const) sums[key] += plan[key];
    if (!settings.forgettingEvery) continue;
    const watch = await planWatch(model, traits, shape, model.device.isSoftware);
    positions.push(watch.positions);
    sums.forgetting += watch.bytes;
  }
  // Several share their work space.
  const activations = members.length > 1 ? sum(arenaSizes(model, members)) : sums.activations;
  const { weights: weightBytes, tables } = model.bytesFor(...positions);
  const lengths = members.map(({ rows, settings }) => {
    const { train } = splitRows(rows, settings);
    return { perEpoch: stepsPerEpoch(train.length, settings), total: totalSteps(train.length, settings) };
  });
  const otherBytes = sums.other + sums.forgetting + tables;
  return {
    totalBytes: weightBytes + sums.adapter + activations + otherBytes,
    weightBytes,
    adapterBytes: sums.adapter,
    activationBytes: activations,
    otherBytes,
    ...(sums.forgetting > 0 && { forgettingBytes: sums.forgetting }),
    trainableParameters: sum(members.map(({ shape }) => countTrainable(shape))),
    // Of the largest of them, where each is settled by itself.
    checkpointing: levelOf(members[0]!.settings),
    savedBytes: sum(members.map(({ shape }) => savedBytes(shape))),
    stepsPerEpoch: Math.max(...lengths.map(({ perEpoch }) => perEpoch)),
    totalSteps: Math.max(...lengths.map(({ total }) => total)),
  };
}

/** With a level in place of `auto`, so that all of them together take no more than `budgetBytes` where that is possible. */
export function settleMembers(
  model: BaseModel,
  members: readonly PlannedMember[],
  budgetBytes = Number.POSITIVE_INFINITY,
): readonly PlannedMember[] {
  let left = budgetBytes;
  return members.map((member) => {
    const settled = settleForRows(model, member.rows, member.settings, member.shape, left);
    // What they share is there once: of each one more, its adapter counts.
    left -= settled.adapterBytes;
    return { ...member, settings: settled.settings };
  });
}

const sum = (sizes: readonly number[]) => sizes.reduce((a, b) => a + b, 0);
