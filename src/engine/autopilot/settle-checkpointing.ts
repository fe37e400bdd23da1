// How much of a block a run keeps, where its settings leave that to the memory: nothing is computed twice while everything fits.

import type { TokenRow } from '../../data/types.ts';
import type { AdapterShape } from '../../lora/adapter-tensors.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { CHECKPOINTING, type TrainSettings } from '../../train/recipe.ts';
import { runShape } from '../../train/run-shape.ts';
import { promptLength } from '../../train/soft-prompt.ts';
import { planStep } from '../../train/train-step.ts';

export interface Settled {
  /** With a level in place of `auto`. */
  readonly settings: TrainSettings;
  /** Of the run, the base among it. */
  readonly totalBytes: number;
}

/** The first level, from most kept to least, with which the run takes no more than `budgetBytes`; the last when none does. */
export function settleCheckpointing(
  settings: TrainSettings,
  budgetBytes: number,
  planBytes: (settled: TrainSettings) => number,
): Settled {
  const levels = settings.checkpointing === 'auto' ? CHECKPOINTING : [settings.checkpointing ?? 'none'];
  let found: Settled | undefined;
  for (const checkpointing of levels) {
    const settled = settings.checkpointing === 'auto' ? { ...settings, checkpointing } : settings;
    found = { settings: settled, totalBytes: planBytes(settled) };
    if (found.totalBytes <= budgetBytes) break;
  }
  return found!;
}

/** Of a run on these rows; `shape` is its adapter's. */
export function settleForRows(
  model: BaseModel,
  rows: readonly TokenRow[],
  settings: TrainSettings,
  shape: AdapterShape,
  budgetBytes: number,
): Settled & { readonly adapterBytes: number } {
  let adapterBytes = 0;
  const settled = settleCheckpointing(settings, budgetBytes, (tried) => {
    const run = runShape(rows, tried, promptLength({ shape }));
    const { weights, tables } = model.bytesFor(run.positions);
    const plan = planStep(model, model.device.traits, shape, run);
    adapterBytes = plan.adapter;
    return weights + tables + plan.total;
  });
  return { ...settled, adapterBytes };
}
