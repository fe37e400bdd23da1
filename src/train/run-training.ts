// A whole run: steps with the learning rate of each, validation in between, pausing, stopping, going back when numbers go bad, and
// resuming from a checkpoint. Which rows make which step is in run-batches.ts; what happens to a batch on the GPU, in
// train-step.ts.

import type { TokenRow } from '../data/types.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { AwakeClock } from './awake-clock.ts';
import type { EvalRecord, ForgettingRecord, RateChange } from './checkpoint.ts';
import type { TrainSettings } from './recipe.ts';
import { RunBatches } from './run-batches.ts';
import { type CheckpointOptions, RunJournal } from './run-journal.ts';
import { runShape } from './run-shape.ts';
import { scheduledRate } from './schedule.ts';
import { type Prompted, promptLength } from './soft-prompt.ts';
import { pastEvents, stepEvent, type TrainEvent } from './train-events.ts';
import { BadNumbersError, TrainStep } from './train-step.ts';

/** What is trained on, how, and who is told. */
export interface TrainingRun {
  readonly rows: readonly TokenRow[];
  readonly settings: TrainSettings;
  readonly hooks: RunHooks;
  /** Without it the run can go back when numbers go bad, but not be resumed. */
  readonly checkpoints?: CheckpointOptions | undefined;
  /** Work space shared with the runs of other adapters (train-together.ts). */
  readonly arenas?: readonly GPUBuffer[] | undefined;
}

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

/**
 * Trains `adapter` in place. When numbers go bad, the adapter returns to its last good state, and the run ends there (throwing if
 * that is before the first step) or continues with half the rate if the settings say so. Every other error of a step is
 * rethrown.
 */
export async function runTraining(model: BaseModel, adapter: FlatAdapter, run: TrainingRun): Promise<RunOutcome> {
  const { rows, settings, hooks, checkpoints, arenas } = run;
  const batches = new RunBatches(rows, settings);
  const shape = runShape(rows, settings, promptLength(adapter));
  const step = await TrainStep.create(model, adapter, shape, hooks.onProgress, arenas);
  try {
    hooks.onAllocated?.(step.allocatedBytes);
    const { totalSteps } = batches;
    const facts = { settings, totalSteps, vocab: model.config.vocab };
    const journal = await RunJournal.open(step, adapter, facts, checkpoints);
    return await new Training(run, adapter, batches, step, journal).toItsEnd();
  } finally {
    step.destroy();
  }
}

class Training {
  private readonly clock: AwakeClock;

  constructor(
    private readonly run: TrainingRun,
    private readonly adapter: FlatAdapter,
    private readonly batches: RunBatches,
    private readonly step: TrainStep,
    private readonly journal: RunJournal,
  ) {
    this.clock = new AwakeClock(journal.steps.map(({ ms }) => ms));
  }

  async toItsEnd(): Promise<RunOutcome> {
    const { journal, batches, run } = this;
    await this.begin();
    const trouble = await this.trainThroughBadNumbers();
    const done = journal.steps.length;
    if (journal.evals.at(-1)?.step !== done) await this.evaluate(this.adapter);
    await this.measureForgetting();
    const { evals, forgetting } = journal;
    return {
      steps: done,
      finalLoss: journal.steps.at(-1)?.loss ?? Number.NaN,
      stopped: done < batches.totalSteps,
      validationBefore: evals[0]?.loss,
      validationAfter: evals.at(-1)?.loss,
      rateChanges: journal.rates,
      trouble,
      curve: {
        losses: journal.steps.map(({ loss }) => loss),
        evals,
        ...(run.hooks.forgetting && { forgetting }),
      },
    };
  }

  /** What is measured before the first step. */
  private async begin(): Promise<void> {
    const { journal } = this;
    if (journal.steps.length > 0) return;
    // A fresh LoRA changes nothing; a prompt does, so that the base is asked without it.
    if (journal.evals.length === 0) await this.evaluate(undefined);
    await this.measureForgetting();
    await this.afterStep();
  }

  /** Returns why the run ended before its last step, if numbers went bad. */
  private async trainThroughBadNumbers(): Promise<string | undefined> {
    const { journal } = this;
    for (;;) {
      try {
        await this.trainSteps();
        return undefined;
      } catch (error) {
        if (!(error instanceof BadNumbersError)) throw error;
        const good = journal.goBack();
        if (journal.mayHalve) this.goOnWithHalf(good, error);
        else if (good === 0) throw error;
        else return `${error.message}; the adapter is as it was after step ${good}`;
      }
    }
  }

  /** To the last step, or to where the run is stopped. */
  private async trainSteps(): Promise<void> {
    const { journal, batches, run } = this;
    const { hooks, checkpoints } = run;
    while (journal.steps.length < batches.totalSteps && !hooks.signal?.aborted) {
      await hooks.beforeStep?.();
      if (hooks.signal?.aborted) break;
      await this.trainStep();
      await this.betweenSteps();
    }
    await journal.checkEnd();
    if (journal.steps.length < batches.totalSteps && checkpoints?.keepWhenStopped) await journal.keep();
  }

  private async trainStep(): Promise<void> {
    const { journal, batches, run, step, clock } = this;
    const { settings, hooks } = run;
    const done = journal.steps.length;
    const began = performance.now();
    const ofStep = batches.ofStep(done, this.adapter);
    const chosen = hooks.nextRate?.();
    if (chosen !== undefined) this.changeRate({ step: done, learningRate: chosen });
    const { schedule, warmupSteps, seed, clip } = settings;
    const lr = scheduledRate(schedule, journal.learningRate, done, batches.totalSteps, warmupSteps);
    const how = { lr, update: done + 1, clip, seed, mostLoss: journal.mostLoss };
    const { loss, gradNorm, tokens, supervised } = await step.run(ofStep, how);
    journal.addStep({ loss, lr, gradNorm, tokens, supervised, ms: clock.awake(performance.now() - began) });
    const { totalSteps, stepsPerEpoch: perEpoch } = batches;
    hooks.onEvent(stepEvent(journal.steps, done, { totalSteps, perEpoch }));
  }

  /** What is due after a step. */
  private async betweenSteps(): Promise<void> {
    const { journal, batches, run } = this;
    const { evalEvery } = run.settings;
    const { forgetting } = run.hooks;
    const done = journal.steps.length;
    const isLast = done === batches.totalSteps;
    if (!isLast && evalEvery > 0 && done % evalEvery === 0) await this.evaluate(this.adapter);
    if (forgetting && done % forgetting.every === 0) await this.measureForgetting();
    if (!isLast) await journal.keepIfDue();
    await this.afterStep();
  }

  private async afterStep(): Promise<void> {
    const { journal, run, adapter } = this;
    await run.hooks.afterStep?.(journal.steps.length, adapter, () => journal.record());
  }

  /** Mean loss over the tokens of the held-back rows. `reader`: whose prompt they are read behind. */
  private async evaluate(reader: Prompted | undefined): Promise<void> {
    const { journal, step } = this;
    let sum = 0;
    let supervised = 0;
    for (const batch of this.batches.validation(reader)) {
      sum += (await step.evaluate(batch)).sum;
      supervised += batch.supervised;
    }
    if (supervised === 0) return;
    const record = { step: journal.steps.length, loss: sum / supervised };
    journal.evals.push(record);
    this.run.hooks.onEvent({ type: 'eval', ...record });
  }

  /** Unless it has been at this step. */
  private async measureForgetting(): Promise<void> {
    const { journal, run } = this;
    const { hooks } = run;
    const step = journal.steps.length;
    if (hooks.forgetting === undefined || journal.forgetting.at(-1)?.step === step) return;
    const record = { step, ...(await hooks.forgetting.measure()) };
    journal.forgetting.push(record);
    hooks.onEvent({ type: 'forgetting', ...record });
  }

  private changeRate(change: RateChange): void {
    this.journal.rates.push(change);
    this.run.hooks.onEvent({ type: 'rate', step: change.step, learningRate: change.learningRate });
  }

  /** The journal stands at `good` again. */
  private goOnWithHalf(good: number, { message }: Error): void {
    const { journal, batches, run } = this;
    const { settings, rows, hooks } = run;
    const { totalSteps } = batches;
    hooks.onWentBack?.(good, message, pastEvents({ ...journal.told, totalSteps, settings }, rows));
    this.changeRate({ step: good, learningRate: journal.learningRate / 2, isHalving: true });
  }
}
