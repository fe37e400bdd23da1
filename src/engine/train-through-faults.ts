// A run that outlives its GPU. When the device is lost, hangs or has no memory left, a device is asked for anew, the plan is
// made smaller if memory was the reason, and the run goes on from its last kept state: in the store, or in memory where there
// is no store. What one step needs is in src/train; what a fault is, in gpu/device.ts.

import type { TokenRow } from '../data/types.ts';
import { gpuFaultIn, OutOfMemoryError } from '../gpu/device.ts';
import type { Adapter } from '../lora/adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { type Checkpoint, type CheckpointStore, decodeCheckpoint, type RateChange } from '../train/checkpoint.ts';
import { CHECKPOINTING, levelOf, type TrainSettings } from '../train/recipe.ts';
import type { RunHooks } from '../train/run-training.ts';
import { type KeepOptions, type Trained, trainAdapter } from './train-adapter.ts';

/** What happened to the GPU during a run, and what was done about it. */
export interface RunFault {
  /** The device's own sentence. */
  readonly message: string;
  /** The state that the run goes on from; undefined: from its beginning. */
  readonly checkpoint: Checkpoint | undefined;
  /** As it goes on: with less memory a step if memory was the reason, the same mathematics. */
  readonly settings: TrainSettings;
}

export interface EnduringRun {
  /** A base on a device that is well: the one at hand, or after a fault another one. */
  open(): Promise<BaseModel>;
  readonly rows: readonly TokenRow[];
  readonly settings: TrainSettings;
  readonly hooks: RunHooks;
  /** As of trainAdapter. */
  readonly start?: Adapter | undefined;
  /** Without a store the last state is kept in memory alone: it outlives the GPU, not the tab. */
  readonly keep: Omit<KeepOptions, 'store'> & { readonly store: CheckpointStore | undefined };
  onFault(fault: RunFault): void;
}

/** A GPU that fails so often without a new state in between will go on failing. */
const MOST_FAULTS_AT_ONE_STATE = 3;

/**
 * trainAdapter through faults of the GPU. Throws what trainAdapter throws for any other reason; and a fault itself, with what to
 * change, when it comes again and again at the same place or no smaller plan is left.
 */
export async function trainThroughFaults(run: EnduringRun): Promise<Trained> {
  const memory = inMemory(run.keep.store);
  let { settings } = run;
  let { resumeFrom } = run.keep;
  const rates = rememberRates(run.hooks, resumeFrom);
  let faultsHere = 0;
  for (;;) {
    let model: BaseModel | undefined;
    try {
      model = await run.open();
      const keep = { ...run.keep, store: memory, resumeFrom };
      return await trainAdapter(model, run.rows, settings, rates.hooks, run.start, keep);
    } catch (error) {
      const fault = model === undefined ? gpuFaultIn(error) : await model.device.faultBehind(error);
      if (fault === undefined) throw error;
      const kept = await memory.latest();
      const isFurther = kept !== undefined && kept.steps.length > (resumeFrom?.steps.length ?? 0);
      faultsHere = isFurther ? 1 : faultsHere + 1;
      const outOfMemory = fault instanceof OutOfMemoryError;
      const smaller = outOfMemory ? withLessMemory(settings) : settings;
      if (smaller === undefined || (!outOfMemory && faultsHere >= MOST_FAULTS_AT_ONE_STATE))
        throw new Error(
          `${fault.message}${outOfMemory ? `; ${NO_SMALLER}` : `, ${faultsHere} times at the same place`}`,
          {
            cause: fault,
          },
        );
      settings = smaller;
      if (isFurther) resumeFrom = kept;
      if (resumeFrom !== undefined) resumeFrom = { ...resumeFrom, settings };
      rates.goBackTo(resumeFrom);
      run.onFault({ message: fault.message, checkpoint: resumeFrom, settings });
    }
  }
}

const NO_SMALLER =
  'this run already needs as little memory as it can; take shorter rows, a lower rank or a smaller base';

/**
 * The next smaller plan of the same mathematics: blocks recomputed instead of kept, then fewer rows at a time and more of them
 * added up. Undefined when there is none. (With dropout the masks of the rows are others then.)
 */
export function withLessMemory(settings: TrainSettings): TrainSettings | undefined {
  const { batchSize, gradAccum } = settings;
  const smallest = CHECKPOINTING.at(-1)!;
  if (levelOf(settings) !== smallest) return { ...settings, checkpointing: smallest };
  if (batchSize === 1) return undefined;
  const smaller = largestDivisor(batchSize);
  return { ...settings, batchSize: smaller, gradAccum: gradAccum * (batchSize / smaller) };
}

/** Below `n` itself. */
function largestDivisor(n: number): number {
  for (let d = Math.floor(n / 2); d > 1; d--) if (n % d === 0) return d;
  return 1;
}

/** Rates that a person has chosen after the state that a run goes back to are chosen again at the same steps. */
function rememberRates(hooks: RunHooks, resumeFrom: Checkpoint | undefined) {
  const chosen: RateChange[] = [];
  let again: RateChange[] = [];
  let step = resumeFrom?.steps.length ?? 0;
  const watched: RunHooks = {
    ...hooks,
    onEvent(event) {
      if (event.type === 'step') step = event.step;
      hooks.onEvent(event);
    },
    nextRate() {
      if (again[0]?.step === step) return again.shift()!.learningRate;
      const learningRate = hooks.nextRate?.();
      if (learningRate !== undefined) chosen.push({ step, learningRate });
      return learningRate;
    },
  };
  return {
    hooks: watched,
    goBackTo(checkpoint: Checkpoint | undefined): void {
      step = checkpoint?.steps.length ?? 0;
      const isKept = (change: RateChange) => checkpoint?.rates.some((kept) => kept.step === change.step);
      again = chosen.filter((change) => change.step >= step && !isKept(change));
    },
  };
}

/** Remembers the newest record beside handing it to the store, whose refusal it passes on. */
function inMemory(store: CheckpointStore | undefined): CheckpointStore & { latest(): Promise<Checkpoint | undefined> } {
  let newest: Uint8Array | undefined;
  return {
    async save(record) {
      newest = record;
      await store?.save(record);
    },
    async *records() {
      if (newest !== undefined) yield newest;
    },
    async clear() {
      newest = undefined;
      await store?.clear();
    },
    latest: async () => newest && decodeCheckpoint(newest),
  };
}
