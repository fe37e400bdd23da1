// The time of a step before it is made: the arithmetic of the step over rows of the usual length, at the rate measured.

import { batchColumns, trainedLength } from '../../data/make-batch.ts';
import type { TokenRow } from '../../data/types.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { levelOf, type TrainSettings } from '../../train/recipe.ts';
import { sizeClass } from '../../train/run-shape.ts';
import { promptLength } from '../../train/soft-prompt.ts';
import { splitRows } from '../../train/split-rows.ts';
import { buildStep } from '../../train/train-step.ts';
import { newShape } from '../train-adapter.ts';
import { countFlops } from './count-flops.ts';
import type { StepRate } from './measure-step.ts';

export function predictStepMs(
  model: BaseModel,
  rows: readonly TokenRow[],
  settings: TrainSettings,
  { overheadMs, flopsPerMs }: StepRate,
): number {
  const { train } = splitRows(rows, settings);
  if (train.length === 0) return 0;
  const perBatch = Math.min(settings.batchSize, train.length);
  let tokens = 0;
  let supervised = 0;
  for (const index of train) {
    const row = rows[index]!;
    tokens += trainedLength(row);
    for (const bit of row.mask) supervised += bit;
  }
  const mean = tokens / train.length;
  const shape = newShape(model, settings);
  const prompt = promptLength({ shape });
  const length = Math.max(1, Math.round(mean)) + prompt;
  const columns = sizeClass(batchColumns(new Array<number>(perBatch).fill(length)));
  const { graph } = buildStep(model, model.device.traits, shape, {
    columns,
    positions: rows.reduce((most, row) => Math.max(most, row.ids.length), 1) + prompt,
    dropout: settings.dropout,
    checkpointing: levelOf(settings),
  });
  const flops = countFlops(graph, Math.round((supervised / train.length) * perBatch));
  // The last step of an epoch may be shorter; the others are as long as this.
  const batches = Math.min(settings.gradAccum, Math.ceil(train.length / perBatch));
  return batches * (overheadMs + flops / flopsPerMs);
}
