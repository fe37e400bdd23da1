// What a run writes down while it goes: every step's figures, and now and then its whole state. From the state a killed run
// goes on (checkpoint.ts), and a run whose numbers have gone bad goes back. Reading the state back is a copy between two
// steps: no number of the run depends on whether or when it is made.

import { OutOfMemoryError } from '../gpu/device.ts';
import { type FlatAdapter, fromRecordOrder, readFlat, toRecordOrder, writeFlat } from '../lora/flat-adapter.ts';
import { AwakeClock } from './awake-clock.ts';
import {
  type Checkpoint,
  type CheckpointStore,
  type EvalRecord,
  encodeCheckpoint,
  type ForgettingRecord,
  isFiniteArray,
  type RateChange,
  type RunIdentity,
  type StepRecord,
  type TrainState,
} from './checkpoint.ts';
import type { TrainSettings } from './recipe.ts';
import { BadNumbersError, type TrainStep } from './train-step.ts';

export interface CheckpointOptions {
  readonly store: CheckpointStore;
  readonly identity: RunIdentity;
  /** Whichever comes first. */
  readonly everySteps: number;
  readonly everySeconds: number;
  /** Most of the run's time that saving may take; MOST_SHARE when absent. */
  readonly mostShare?: number;
  /** Goes on from here; the caller has checked that it fits (`whyNotResume`). */
  readonly resumeFrom?: Checkpoint | undefined;
  /** A run that is stopped keeps its last state, to go on later. */
  readonly keepWhenStopped?: boolean;
  /** After each record: the step it holds, why it could not be kept, and the time it took. The run goes on either way. */
  onSaved?(step: number, problem: string | undefined, ms: number): void;
}

/** What is done when nobody asks for anything else. */
export const CHECKPOINT_EVERY = { steps: 50, seconds: 30 } as const;

/** Most of a run's time that keeping its state may take: after a save of t seconds the next one is t/0.02 s away. */
export const MOST_SHARE = 0.02;

/** However long a save took, or seemed to: a machine may have slept in the first one. */
const MOST_WAIT_MS = 1_800_000;

/** A loss this many times that of a blind guess (or of the first step, if that is higher) has exploded. */
const EXPLODES_AT = 4;

interface Snapshot {
  readonly step: number;
  readonly state: TrainState;
}

export class RunJournal {
  readonly steps: StepRecord[] = [];
  readonly evals: EvalRecord[] = [];
  readonly forgetting: ForgettingRecord[] = [];
  readonly rates: RateChange[] = [];
  /** The last state whose next step went well: a state is known to be good only when it has been tried. */
  private good: Snapshot | undefined;
  private latest: Snapshot | undefined;
  private snapshotAt = performance.now();
  private snapshotMs = 0;
  private readonly snapshotClock = new AwakeClock();

  private constructor(
    private readonly step: TrainStep,
    private readonly adapter: FlatAdapter,
    private readonly run: { readonly settings: TrainSettings; readonly totalSteps: number; readonly vocab: number },
    private readonly options: CheckpointOptions | undefined,
  ) {}

  /** Starts a journal; with `resumeFrom`, adapter and optimiser are set to where that run stood. */
  static async open(
    step: TrainStep,
    adapter: FlatAdapter,
    run: { readonly settings: TrainSettings; readonly totalSteps: number; readonly vocab: number },
    options: CheckpointOptions | undefined,
  ): Promise<RunJournal> {
    const journal = new RunJournal(step, adapter, run, options);
    const from = options?.resumeFrom;
    if (from !== undefined) {
      if (from.totalSteps !== run.totalSteps)
        throw new RangeError(
          `Cannot go on with the interrupted run: found ${run.totalSteps} steps in all, need ${from.totalSteps}`,
        );
      for (const record of from.steps) journal.steps.push(record);
      for (const record of from.evals) journal.evals.push(record);
      for (const record of from.forgetting ?? []) journal.forgetting.push(record);
      for (const record of from.rates) journal.rates.push(record);
      journal.writeState(from.state);
    }
    journal.good = journal.latest = { step: journal.steps.length, state: from?.state ?? (await journal.readState()) };
    return journal;
  }

  /** The highest loss that a next step may have. */
  get mostLoss(): number | undefined {
    const first = this.steps[0]?.loss;
    return first === undefined ? undefined : EXPLODES_AT * Math.max(Math.log(this.run.vocab), first);
  }

  /** What the schedule is scaled by: the setting, or what a person has chosen since. */
  get learningRate(): number {
    return this.rates.at(-1)?.learningRate ?? this.run.settings.learningRate;
  }

  /** What a checkpoint says of how it went. */
  get told(): Pick<Checkpoint, 'steps' | 'evals' | 'forgetting' | 'rates'> {
    const { steps, evals, forgetting, rates } = this;
    return { steps, evals, ...(forgetting.length > 0 && { forgetting }), rates };
  }

  addStep(record: StepRecord): void {
    this.steps.push(record);
    this.good = this.latest;
  }

  /** Keeps the state when it is time to. */
  async keepIfDue(): Promise<void> {
    const { everySteps, everySeconds } = this.options ?? {
      everySteps: CHECKPOINT_EVERY.steps,
      everySeconds: CHECKPOINT_EVERY.seconds,
    };
    const elapsedMs = performance.now() - this.snapshotAt;
    const isDue = this.steps.length - this.latest!.step >= everySteps || elapsedMs >= 1000 * everySeconds;
    const share = this.options?.mostShare ?? MOST_SHARE;
    if (isDue && elapsedMs >= Math.min(this.snapshotMs / share, MOST_WAIT_MS)) await this.keep();
  }

  /** Keeps the state now. A store that refuses does not end the run; throws BadNumbersError when the state is not finite. */
  async keep(): Promise<void> {
    const step = this.steps.length;
    const began = performance.now();
    let problem: string | undefined;
    try {
      const state = await this.readState();
      if (this.options !== undefined) await this.save(state, this.options);
      this.latest = { step, state };
    } catch (error) {
      if (!(error instanceof OutOfMemoryError || error instanceof StoreError)) throw error;
      problem = error.message;
    }
    this.snapshotAt = performance.now();
    this.snapshotMs = this.snapshotClock.awake(this.snapshotAt - began);
    this.options?.onSaved?.(step, problem, this.snapshotMs);
  }

  /** The run as it stands, for another one to go on from; undefined where nobody says what its numbers belong to. */
  async record(): Promise<Uint8Array | undefined> {
    return this.options && this.encode(await this.readState(), this.options.identity);
  }

  /** Throws BadNumbersError when the adapter is not finite. */
  async checkEnd(): Promise<void> {
    await this.readParams();
  }

  /** Puts adapter and optimiser back to the last good state and returns its step; later steps are struck out. */
  goBack(): number {
    const { step, state } = this.good!;
    this.latest = this.good;
    this.writeState(state);
    this.steps.length = step;
    while ((this.evals.at(-1)?.step ?? -1) > step) this.evals.pop();
    while ((this.forgetting.at(-1)?.step ?? -1) > step) this.forgetting.pop();
    while ((this.rates.at(-1)?.step ?? -1) > step) this.rates.pop();
    return step;
  }

  /** False when the run has halved its rate before. */
  get mayHalve(): boolean {
    return this.run.settings.badNumbers === 'halve' && !this.rates.some(({ isHalving }) => isHalving);
  }

  private async encode(state: TrainState, identity: RunIdentity): Promise<Uint8Array> {
    const { settings, totalSteps } = this.run;
    const savedAt = new Date().toISOString();
    return encodeCheckpoint({ totalSteps, savedAt, settings, identity, ...this.told, state });
  }

  private async save(state: TrainState, { store, identity }: CheckpointOptions): Promise<void> {
    const record = await this.encode(state, identity);
    await store.save(record).catch((error: Error) => {
      throw new StoreError(error.message);
    });
  }

  private async readState(): Promise<TrainState> {
    const params = await this.readParams();
    const { m, v } = await this.step.optimizer.readMoments();
    const kept = (flat: Float32Array) => toRecordOrder(this.adapter.shape, flat);
    return { params: kept(params), m: kept(m), v: kept(v) };
  }

  private writeState(state: TrainState): void {
    const { device, params, shape } = this.adapter;
    writeFlat(device, params, fromRecordOrder(shape, state.params));
    this.step.optimizer.writeMoments({ m: fromRecordOrder(shape, state.m), v: fromRecordOrder(shape, state.v) });
  }

  private async readParams(): Promise<Float32Array> {
    const params = await readFlat(this.adapter.device, this.adapter.params);
    if (!isFiniteArray(params))
      throw new BadNumbersError(`Cannot go on after step ${this.steps.length}: found an adapter that is not finite`);
    return params;
  }
}

/** A store's own refusal: a full disk, a closed database. */
class StoreError extends Error {
  override name = 'StoreError';
}
