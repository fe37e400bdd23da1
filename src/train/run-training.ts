// A whole run: which rows make which step, the rate of each step, validation in between, pause and stop.
// Reads from top to bottom; what happens to a batch on the GPU is in train-step.ts.

import { batchColumns, makeBatch, trainedLength, worstColumns } from '../data/make-batch.ts';
import { orderRows } from '../data/order-rows.ts';
import { groupRepeats, splitValidation } from '../data/split-validation.ts';
import type { Batch, TokenRow } from '../data/types.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { stepsPerEpoch, type TrainSettings, totalSteps } from './recipe.ts';
import { scheduledRate } from './schedule.ts';
import { TrainStep } from './train-step.ts';

export type TrainEvent =
  | {
      readonly type: 'step';
      /** From 1. */
      readonly step: number;
      readonly totalSteps: number;
      readonly loss: number;
      readonly lr: number;
      readonly gradNorm: number;
      /** Tokens of this step, padding left out. */
      readonly tokens: number;
      readonly supervised: number;
      readonly ms: number;
      readonly epoch: number;
    }
  | { readonly type: 'eval'; readonly step: number; readonly loss: number };

export interface RunHooks {
  onEvent(event: TrainEvent): void;
  /** Awaited before every step: a paused run waits here. */
  beforeStep?(): Promise<void>;
  /** Aborted: the run ends after the step it is in, and keeps what it has. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface RunOutcome {
  readonly steps: number;
  readonly finalLoss: number;
  readonly stopped: boolean;
  /** Mean loss over the held-back rows, before the first step and after the last. */
  readonly validationBefore: number | undefined;
  readonly validationAfter: number | undefined;
}

/** Rows of a run: which are trained on and which are held back. Rows that repeat each other stay on one side. */
export function splitRows(
  rows: readonly TokenRow[],
  settings: Pick<TrainSettings, 'validationSplit' | 'seed'>,
): { readonly train: readonly number[]; readonly validation: readonly number[] } {
  const { train, validation } = splitValidation(
    rows.length,
    settings.validationSplit,
    settings.seed,
    settings.validationSplit > 0 ? groupRepeats(rows) : undefined,
  );
  return { train: [...train], validation: [...validation] };
}

/** T that holds any `batchSize` of the rows: what memory is planned for. */
export function largestBatch(rows: readonly TokenRow[], settings: Pick<TrainSettings, 'batchSize'>): number {
  return sizeClass(worstColumns(rows.map(trainedLength), settings.batchSize));
}

/** The next of four sizes per octave (multiples of 16): batches of about the same length share a program, padded by at most a quarter. */
export function sizeClass(columns: number): number {
  const step = Math.max(16, 2 ** Math.floor(Math.log2(columns) - 2));
  return Math.ceil(columns / step) * step;
}

/** Trains `adapter` in place. Throws what the step throws; the adapter is then as it was after the last good step. */
export async function runTraining(
  model: BaseModel,
  adapter: FlatAdapter,
  rows: readonly TokenRow[],
  settings: TrainSettings,
  hooks: RunHooks,
): Promise<RunOutcome> {
  const { train, validation } = splitRows(rows, settings);
  if (train.length === 0) throw new RangeError('Cannot train: found no rows, need at least one');
  const steps = totalSteps(train.length, settings);
  const perEpoch = stepsPerEpoch(train.length, settings);
  const positions = rows.reduce((n, r) => Math.max(n, r.ids.length), 1);
  const shape = {
    columns: largestBatch(rows, settings),
    positions,
    dropout: settings.dropout,
    weightDecay: settings.weightDecay,
  };
  const step = await TrainStep.create(model, adapter, shape, hooks.onProgress);
  try {
    const evaluate = () => validationLoss(step, rows, validation, settings.batchSize);
    const validationBefore = await evaluate();
    if (validationBefore !== undefined) hooks.onEvent({ type: 'eval', step: 0, loss: validationBefore });
    const epochOrder = rowOrder(train, settings);
    let validationAfter = validationBefore;
    let evaluatedAt = 0;
    let finalLoss = Number.NaN;
    let done = 0;
    while (done < steps && !hooks.signal?.aborted) {
      await hooks.beforeStep?.();
      if (hooks.signal?.aborted) break;
      const began = performance.now();
      const batches = stepBatches(rows, epochOrder(Math.floor(done / perEpoch)), settings, done % perEpoch);
      const lr = scheduledRate(settings.schedule, settings.learningRate, done, steps, settings.warmupSteps);
      const result = await step.run(batches, { lr, update: done + 1, clip: settings.clip, seed: settings.seed });
      done++;
      finalLoss = result.loss;
      hooks.onEvent({
        type: 'step',
        step: done,
        totalSteps: steps,
        lr,
        ms: performance.now() - began,
        epoch: done / perEpoch,
        ...result,
      });
      if (settings.evalEvery > 0 && done % settings.evalEvery === 0 && done < steps) {
        validationAfter = await evaluate();
        evaluatedAt = done;
        if (validationAfter !== undefined) hooks.onEvent({ type: 'eval', step: done, loss: validationAfter });
      }
    }
    if (evaluatedAt !== done) {
      validationAfter = await evaluate();
      if (validationAfter !== undefined) hooks.onEvent({ type: 'eval', step: done, loss: validationAfter });
    }
    return { steps: done, finalLoss, stopped: done < steps, validationBefore, validationAfter };
  } finally {
    step.destroy();
  }
}

/** Rows in the order of an epoch: a function of settings and epoch alone, so that a run can be resumed. Keeps the last one. */
function rowOrder(train: readonly number[], { shuffle, seed }: TrainSettings): (epoch: number) => readonly number[] {
  let known: { epoch: number; order: readonly number[] } | undefined;
  return (epoch) => {
    if (known?.epoch !== epoch)
      known = { epoch, order: [...orderRows(train.length, { shuffle, seed, epoch })].map((i) => train[i]!) };
    return known.order;
  };
}

/** The micro-batches of a step, `index` steps into the epoch; the last step of an epoch takes what is left. */
function stepBatches(
  rows: readonly TokenRow[],
  order: readonly number[],
  { batchSize, gradAccum }: TrainSettings,
  index: number,
): Batch[] {
  const first = index * batchSize * gradAccum;
  const last = Math.min(first + batchSize * gradAccum, order.length);
  const batches: Batch[] = [];
  for (let begin = first; begin < last; begin += batchSize)
    batches.push(batchOf(rows, order.slice(begin, Math.min(begin + batchSize, last))));
  return batches;
}

function batchOf(rows: readonly TokenRow[], indices: readonly number[]): Batch {
  return makeBatch(rows, indices, sizeClass(batchColumns(indices.map((i) => trainedLength(rows[i]!)))), trainedLength);
}

async function validationLoss(
  step: TrainStep,
  rows: readonly TokenRow[],
  validation: readonly number[],
  batchSize: number,
): Promise<number | undefined> {
  let sum = 0;
  let supervised = 0;
  for (let begin = 0; begin < validation.length; begin += batchSize) {
    const batch = batchOf(rows, validation.slice(begin, begin + batchSize));
    sum += (await step.evaluate(batch)).sum;
    supervised += batch.supervised;
  }
  return supervised > 0 ? sum / supervised : undefined;
}
