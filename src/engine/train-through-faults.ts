// A run, or several at once, that outlives its GPU. When the device is lost, hangs or has no memory left, a device is asked for anew, the plan is
// made smaller if memory was the reason, and the run goes on from its last kept state: in the store, or in memory where there
// is no store. What one step needs is in src/train; what a fault is, in gpu/device.ts.

import { gpuFaultIn, OutOfMemoryError } from '../gpu/device.ts';
import type { BaseModel } from '../model/base-model.ts';
import { type Checkpoint, type CheckpointStore, decodeCheckpoint, type RateChange } from '../train/checkpoint.ts';
import { CHECKPOINTING, levelOf, type TrainSettings } from '../train/recipe.ts';
import {
  type AdapterRun,
  type KeepOptions,
  type Trained,
  type TrainHooks,
  trainAdapter,
  trainTogether,
} from './train-adapter.ts';

/** What happened to the GPU during a run, and what was done about it. */
export interface RunFault {
  /** The device's own sentence. */
  readonly message: string;
  /** The state that the run goes on from; undefined: from its beginning. */
  readonly checkpoint: Checkpoint | undefined;
  /** As it goes on: with less memory a step if memory was the reason, the same mathematics. */
  readonly settings: TrainSettings;
}

export interface EnduringAdapter extends Omit<AdapterRun, 'keep'> {
  /** Without a store the last state is kept in memory alone: it outlives the GPU, not the tab. */
  readonly keep: Omit<KeepOptions, 'store'> & { readonly store: CheckpointStore | undefined };
  onFault(fault: RunFault): void;
}

/** What becomes of an adapter, and who is told when it trains. */
export interface EnduringMember<T> extends EnduringAdapter {
  /** Awaited before it trains, at the beginning and after a fault … */
  begin?(): Promise<void>;
  /** … and told when it trains no more, whether well or not. */
  pause?(): void;
  /** As soon as the adapter is ready, while others may go on. What this throws ends the run. */
  finish(trained: Trained): Promise<T>;
}

/** A base on a device that is well: the one at hand, or after a fault another one. */
export type OpenBase = () => Promise<BaseModel>;

/** A GPU that fails so often without a new state in between will go on failing. */
const MOST_FAULTS_AT_ONE_STATE = 3;

/**
 * trainAdapter through faults of the GPU. Throws what trainAdapter throws for any other reason; and a fault itself, with what to
 * change, when it comes again and again at the same place or no smaller plan is left.
 */
export async function trainThroughFaults<T>(open: OpenBase, run: EnduringMember<T>): Promise<T> {
  const endurance = new Endurance(run);
  for (;;) {
    let model: BaseModel | undefined;
    try {
      await run.begin?.();
      model = await open();
      const trained = await trainAdapter(model, endurance.next());
      run.pause?.();
      return await run.finish(trained);
    } catch (error) {
      run.pause?.();
      await endurance.takeFault(model, error);
    }
  }
}

/**
 * trainTogether through faults of the GPU, each adapter as `trainThroughFaults`: those that a fault has ended go on when all others
 * have come to an end or to the same fault. What finally ended one stands in its place.
 */
export async function trainTogetherThroughFaults<T>(
  open: OpenBase,
  members: readonly EnduringMember<T>[],
): Promise<PromiseSettledResult<T>[]> {
  const going = members.map((member) => ({ member, endurance: new Endurance(member) }));
  const results = new Map<EnduringMember<T>, PromiseSettledResult<T>>();
  for (;;) {
    const left = going.filter(({ member }) => !results.has(member));
    if (left.length === 0) return members.map((member) => results.get(member)!);
    let model: BaseModel | undefined;
    const values = new Map<EnduringMember<T>, T>();
    const ended = await (async () => {
      await Promise.all(left.map(({ member }) => member.begin?.()));
      model = await open();
      return trainTogether(
        model,
        left.map(({ member, endurance }) => ({
          ...endurance.next(),
          onEnd: () => member.pause?.(),
          finish: async (trained) => void values.set(member, await member.finish(trained)),
        })),
      );
    })().catch((reason: unknown) => {
      for (const { member } of left) member.pause?.();
      return left.map((): PromiseSettledResult<Trained> => ({ status: 'rejected', reason }));
    });
    for (const [i, { member, endurance }] of left.entries()) {
      const end = ended[i]!;
      if (end.status === 'fulfilled') results.set(member, { status: 'fulfilled', value: values.get(member)! });
      else
        await endurance
          .takeFault(model, end.reason)
          .catch((reason: unknown) => results.set(member, { status: 'rejected', reason }));
    }
  }
}

/** What one adapter goes on with after a fault. */
class Endurance {
  private readonly memory: ReturnType<typeof inMemory>;
  private readonly rates: ReturnType<typeof rememberRates>;
  private settings: TrainSettings;
  private resumeFrom: Checkpoint | undefined;
  private faultsHere = 0;

  constructor(private readonly run: EnduringAdapter) {
    this.memory = inMemory(run.keep.store);
    this.settings = run.settings;
    this.resumeFrom = run.keep.resumeFrom;
    this.rates = rememberRates(run.hooks, this.resumeFrom);
  }

  /** What the next try is made with. */
  next(): AdapterRun {
    const { rows, start, keep } = this.run;
    const { settings, memory, resumeFrom } = this;
    return { rows, settings, hooks: this.rates.hooks, start, keep: { ...keep, store: memory, resumeFrom } };
  }

  /** Throws what ends the run. */
  async takeFault(model: BaseModel | undefined, error: unknown): Promise<void> {
    const { memory, settings } = this;
    const fault = model === undefined ? gpuFaultIn(error) : await model.device.faultBehind(error);
    if (fault === undefined) throw error;
    const kept = await memory.latest();
    const isFurther = kept !== undefined && kept.steps.length > (this.resumeFrom?.steps.length ?? 0);
    this.faultsHere = isFurther ? 1 : this.faultsHere + 1;
    const outOfMemory = fault instanceof OutOfMemoryError;
    const smaller = outOfMemory ? withLessMemory(settings) : settings;
    if (smaller === undefined || (!outOfMemory && this.faultsHere >= MOST_FAULTS_AT_ONE_STATE))
      throw new Error(
        `${fault.message}${outOfMemory ? `; ${NO_SMALLER}` : `, ${this.faultsHere} times at the same place`}`,
        { cause: fault },
      );
    this.settings = smaller;
    if (isFurther) this.resumeFrom = kept;
    if (this.resumeFrom !== undefined) this.resumeFrom = { ...this.resumeFrom, settings: smaller };
    this.rates.goBackTo(this.resumeFrom);
    this.run.onFault({ message: fault.message, checkpoint: this.resumeFrom, settings: smaller });
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
function rememberRates(hooks: TrainHooks, resumeFrom: Checkpoint | undefined) {
  const chosen: RateChange[] = [];
  let again: RateChange[] = [];
  let step = resumeFrom?.steps.length ?? 0;
  const watched: TrainHooks = {
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
