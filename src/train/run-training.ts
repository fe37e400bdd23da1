// A whole run: which rows make which step, the learning rate of each step, validation in between, pausing, stopping and resuming
// from a checkpoint. Reads from top to bottom; what happens to a batch on the GPU is in train-step.ts.

import { batchColumns, makeBatch, trainedLength, worstColumns } from '../data/make-batch.ts';
import { orderRows } from '../data/order-rows.ts';
import type { Batch, TokenRow } from '../data/types.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { AwakeClock } from './awake-clock.ts';
import type { Checkpoint, EvalRecord, ForgettingRecord, RateChange, StepRecord } from './checkpoint.ts';
import { optimizerGroups } from './lora-settings.ts';
import { levelOf, stepsPerEpoch, type TrainSettings, totalSteps } from './recipe.ts';
import { type CheckpointOptions, RunJournal } from './run-journal.ts';
import { scheduledRate } from './schedule.ts';
import { type Prompted, promptLength, withPrompt } from './soft-prompt.ts';
import { splitRows } from './split-rows.ts';
import { BadNumbersError, TrainStep } from './train-step.ts';

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
  | { readonly type: 'eval'; readonly step: number; readonly loss: number }
  | ({ readonly type: 'forgetting' } & ForgettingRecord)
  /** From the step after `step` on, the schedule is scaled by another learning rate. */
  | { readonly type: 'rate'; readonly step: number; readonly learningRate: number };

export interface RunHooks {
  onEvent(event: TrainEvent): void;
  /** Awaited before every step: a paused run waits here. */
  beforeStep?(): Promise<void>;
  /** Numbers have gone bad and the run continues from after `step`: of all events so far, only `past` still holds. */
  onWentBack?(step: number, message: string, past: readonly TrainEvent[]): void;
  /** Called before every step: a learning rate chosen since the last call, if any. */
  nextRate?(): number | undefined;
  /** Everything that the steps need has been allocated: bytes on the device, besides the base. */
  onAllocated?(bytes: number): void;
  /**
   * Awaited between two steps, after `step` of them (0: before the first). Reads the adapter, and changes nothing of it. `record`:
   * the run as a checkpoint, as it stands.
   */
  afterStep?(step: number, adapter: FlatAdapter, record: () => Promise<Uint8Array | undefined>): Promise<void>;
  /** When aborted, the run ends after the current step and keeps what it has. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly forgetting?: ForgettingMeasure | undefined;
}

/** How forgetting is measured, on the live adapter between steps: before the run, every so many steps, and after it. */
export interface ForgettingMeasure {
  readonly every: number;
  measure(): Promise<Omit<ForgettingRecord, 'step'>>;
}

export interface RunOutcome {
  readonly steps: number;
  readonly finalLoss: number;
  readonly stopped: boolean;
  /** Mean loss over the held-back rows, before the first step and after the last. */
  readonly validationBefore: number | undefined;
  readonly validationAfter: number | undefined;
  readonly rateChanges: readonly RateChange[];
  /** Why the run ended early with the adapter of `steps`: numbers that had gone bad. */
  readonly trouble: string | undefined;
  readonly curve: LossCurve;
}

/** The loss over the run. */
export interface LossCurve {
  /** Of each step. */
  readonly losses: readonly number[];
  /** Over the held-back rows, after so many steps. */
  readonly evals: readonly EvalRecord[];
  /** Over the general text, after so many steps; where it was measured. */
  readonly forgetting?: readonly ForgettingRecord[];
}

/** T that holds any `batchSize` of the rows, each with `prompt` virtual tokens: what memory is planned for. */
function largestBatch(rows: readonly TokenRow[], settings: Pick<TrainSettings, 'batchSize'>, prompt = 0): number {
  return sizeClass(
    worstColumns(
      rows.map((row) => trainedLength(row) + prompt),
      settings.batchSize,
    ),
  );
}

/** The next of four sizes per octave (multiples of 16): batches of about the same length share a program, padded by at most a quarter. */
export function sizeClass(columns: number): number {
  const step = Math.max(16, 2 ** Math.floor(Math.log2(columns) - 2));
  return Math.ceil(columns / step) * step;
}

/** What a run's steps are compiled for. `prompt`: virtual tokens before each row. */
export function runShape(rows: readonly TokenRow[], settings: TrainSettings, prompt = 0) {
  return {
    columns: largestBatch(rows, settings, prompt),
    positions: rows.reduce((n, r) => Math.max(n, r.ids.length), 1) + prompt,
    dropout: settings.dropout,
    ...optimizerGroups(settings),
    checkpointing: levelOf(settings),
  };
}

/**
 * Trains `adapter` in place. When numbers go bad, the adapter returns to its last good state, and the run ends there (throwing if
 * that is before the first step) or continues with half the rate if the settings say so. Every other error of a step is
 * rethrown.
 */
export async function runTraining(
  model: BaseModel,
  adapter: FlatAdapter,
  rows: readonly TokenRow[],
  settings: TrainSettings,
  hooks: RunHooks,
  checkpoints?: CheckpointOptions,
  arenas?: readonly GPUBuffer[],
): Promise<RunOutcome> {
  const { train, validation } = splitRows(rows, settings);
  if (train.length === 0) throw new RangeError('Cannot train: found no rows, need at least one');
  const steps = totalSteps(train.length, settings);
  const perEpoch = stepsPerEpoch(train.length, settings);
  const shape = runShape(rows, settings, promptLength(adapter));
  const step = await TrainStep.create(model, adapter, shape, hooks.onProgress, arenas);
  try {
    hooks.onAllocated?.(step.allocatedBytes);
    const run = { settings, totalSteps: steps, vocab: model.config.vocab };
    const journal = await RunJournal.open(step, adapter, run, checkpoints);
    const clock = new AwakeClock(journal.steps.map(({ ms }) => ms));
    const evaluate = async (reader: Prompted = adapter) => {
      const loss = await validationLoss(step, rows, validation, settings.batchSize, reader);
      if (loss === undefined) return;
      const record = { step: journal.steps.length, loss };
      journal.evals.push(record);
      hooks.onEvent({ type: 'eval', ...record });
    };
    const measureForgetting = async () => {
      const step = journal.steps.length;
      if (hooks.forgetting === undefined || journal.forgetting.at(-1)?.step === step) return;
      const record = { step, ...(await hooks.forgetting.measure()) };
      journal.forgetting.push(record);
      hooks.onEvent({ type: 'forgetting', ...record });
    };
    const record = () => journal.record();
    // A fresh LoRA changes nothing; a prompt does, so that the base is asked without it.
    if (journal.steps.length === 0 && journal.evals.length === 0) await evaluate(NO_PROMPT);
    if (journal.steps.length === 0) await measureForgetting();
    if (journal.steps.length === 0) await hooks.afterStep?.(0, adapter, record);
    const epochOrder = rowOrder(train, settings);
    const changeRate = (change: RateChange) => {
      journal.rates.push(change);
      hooks.onEvent({ type: 'rate', step: change.step, learningRate: change.learningRate });
    };
    /** To the last step, or to where the run is stopped. */
    const trainSteps = async () => {
      while (journal.steps.length < steps && !hooks.signal?.aborted) {
        await hooks.beforeStep?.();
        if (hooks.signal?.aborted) break;
        const done = journal.steps.length;
        const began = performance.now();
        const batches = stepBatches(rows, epochOrder(Math.floor(done / perEpoch)), settings, done % perEpoch, adapter);
        const chosen = hooks.nextRate?.();
        if (chosen !== undefined) changeRate({ step: done, learningRate: chosen });
        const lr = scheduledRate(settings.schedule, journal.learningRate, done, steps, settings.warmupSteps);
        const { seed, clip } = settings;
        const how = { lr, update: done + 1, clip, seed, mostLoss: journal.mostLoss };
        const { loss, gradNorm, tokens, supervised } = await step.run(batches, how);
        journal.addStep({ loss, lr, gradNorm, tokens, supervised, ms: clock.awake(performance.now() - began) });
        hooks.onEvent(stepEvent(journal.steps, done, { totalSteps: steps, perEpoch }));
        if (settings.evalEvery > 0 && (done + 1) % settings.evalEvery === 0 && done + 1 < steps) await evaluate();
        if (hooks.forgetting && (done + 1) % hooks.forgetting.every === 0) await measureForgetting();
        if (done + 1 < steps) await journal.keepIfDue();
        await hooks.afterStep?.(done + 1, adapter, record);
      }
      await journal.checkEnd();
      if (journal.steps.length < steps && checkpoints?.keepWhenStopped) await journal.keep();
    };
    let trouble: string | undefined;
    for (let isOver = false; !isOver; ) {
      try {
        await trainSteps();
        isOver = true;
      } catch (error) {
        if (!(error instanceof BadNumbersError)) throw error;
        const good = journal.goBack();
        isOver = !journal.mayHalve;
        if (isOver && good === 0) throw error;
        if (isOver) trouble = `${error.message}; the adapter is as it was after step ${good}`;
        else {
          hooks.onWentBack?.(good, error.message, pastEvents({ ...journal.told, totalSteps: steps, settings }, rows));
          changeRate({ step: good, learningRate: journal.learningRate / 2, isHalving: true });
        }
      }
    }
    const done = journal.steps.length;
    if (journal.evals.at(-1)?.step !== done) await evaluate();
    await measureForgetting();
    const { evals, forgetting } = journal;
    return {
      steps: done,
      finalLoss: journal.steps.at(-1)?.loss ?? Number.NaN,
      stopped: done < steps,
      validationBefore: evals[0]?.loss,
      validationAfter: evals.at(-1)?.loss,
      rateChanges: journal.rates,
      trouble,
      curve: {
        losses: journal.steps.map(({ loss }) => loss),
        evals,
        ...(hooks.forgetting && { forgetting }),
      },
    };
  } finally {
    step.destroy();
  }
}

/** Every event of a run over these rows up to a checkpoint, in order, for whoever shows how it continues. */
export function pastEvents(
  {
    steps,
    evals,
    forgetting = [],
    rates,
    totalSteps,
    settings,
  }: Pick<Checkpoint, 'steps' | 'evals' | 'forgetting' | 'rates' | 'totalSteps' | 'settings'>,
  rows: readonly TokenRow[],
): TrainEvent[] {
  const run = { totalSteps, perEpoch: stepsPerEpoch(splitRows(rows, settings).train.length, settings) };
  const events: TrainEvent[] = [];
  let nextEval = 0;
  let nextForgetting = 0;
  let nextRate = 0;
  const tell = (step: number) => {
    for (; evals[nextEval] && evals[nextEval]!.step <= step; nextEval++)
      events.push({ type: 'eval', ...evals[nextEval]! });
    for (; forgetting[nextForgetting] && forgetting[nextForgetting]!.step <= step; nextForgetting++)
      events.push({ type: 'forgetting', ...forgetting[nextForgetting]! });
    for (; rates[nextRate] && rates[nextRate]!.step <= step; nextRate++) {
      const { step: at, learningRate } = rates[nextRate]!;
      events.push({ type: 'rate', step: at, learningRate });
    }
  };
  tell(0);
  for (const index of steps.keys()) {
    events.push(stepEvent(steps, index, run));
    tell(index + 1);
  }
  return events;
}

/** @param index from 0. */
function stepEvent(
  steps: readonly StepRecord[],
  index: number,
  { totalSteps, perEpoch }: { readonly totalSteps: number; readonly perEpoch: number },
): TrainEvent {
  return { type: 'step', step: index + 1, totalSteps, epoch: (index + 1) / perEpoch, ...steps[index]! };
}

/** Rows in an epoch's order, which depends on settings and epoch only, so that a run can be resumed. Caches the last one. */
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
  adapter: Prompted,
): Batch[] {
  const first = index * batchSize * gradAccum;
  const last = Math.min(first + batchSize * gradAccum, order.length);
  const batches: Batch[] = [];
  for (let begin = first; begin < last; begin += batchSize)
    batches.push(batchOf(rows, order.slice(begin, Math.min(begin + batchSize, last)), adapter));
  return batches;
}

/** Stands in for an adapter: rows unchanged. */
const NO_PROMPT: Prompted = { shape: { modules: new Map() } };

function batchOf(all: readonly TokenRow[], indices: readonly number[], adapter: Prompted): Batch {
  const rows = withPrompt(
    indices.map((i) => all[i]!),
    adapter,
  );
  return makeBatch(rows, [...rows.keys()], sizeClass(batchColumns(rows.map(trainedLength))), trainedLength);
}

async function validationLoss(
  step: TrainStep,
  rows: readonly TokenRow[],
  validation: readonly number[],
  batchSize: number,
  adapter: Prompted,
): Promise<number | undefined> {
  let sum = 0;
  let supervised = 0;
  for (let begin = 0; begin < validation.length; begin += batchSize) {
    const batch = batchOf(rows, validation.slice(begin, begin + batchSize), adapter);
    sum += (await step.evaluate(batch)).sum;
    supervised += batch.supervised;
  }
  return supervised > 0 ? sum / supervised : undefined;
}
