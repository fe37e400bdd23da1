// Train: what a run needs, what it tells while it goes, and how one that was interrupted goes on.

import type { Prompting } from '../../data/prompting.ts';
import type { Checkpointing } from '../../gpu/recompute.ts';
import type { ForgettingRecord } from '../../train/checkpoint.ts';
import type { TrainSettings } from '../../train/recipe.ts';
import type { StepRate } from '../autopilot/measure-step.ts';
import type { Proposal } from '../autopilot/propose-settings.ts';
import type { AdapterRecord } from './library.ts';
import type { RunStart } from './runs.ts';

/** Exact, known before anything is allocated. */
export interface MemoryPlan {
  readonly totalBytes: number;
  readonly weightBytes: number;
  readonly adapterBytes: number;
  readonly activationBytes: number;
  readonly otherBytes: number;
  readonly trainableParameters: number;
  /** Of `adapterBytes`, what parameters that are trained in full need. */
  readonly savedBytes?: number;
  /** Of the settings, or what they are settled to where they leave it to the memory. */
  readonly checkpointing: Checkpointing;
  /** Of `otherBytes`, what measuring what is forgotten needs. */
  readonly forgettingBytes?: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

export interface StepEvent {
  readonly type: 'step';
  readonly runId: string;
  /** From 1. */
  readonly step: number;
  readonly totalSteps: number;
  readonly loss: number;
  readonly lr: number;
  readonly gradNorm: number;
  /** Tokens of this step, padding left out. */
  readonly tokens: number;
  readonly ms: number;
  readonly epoch: number;
}

export interface EvalEvent {
  readonly type: 'eval';
  readonly runId: string;
  readonly step: number;
  readonly loss: number;
}

/** What was forgotten by `step`: means over the bundled general text, in nats a token. */
export interface ForgettingEvent extends ForgettingRecord {
  readonly type: 'forgetting';
  readonly runId: string;
}

/** The learning rate was changed by hand: it holds from the step after `step` on. */
export interface RateEvent {
  readonly type: 'rate';
  readonly runId: string;
  readonly step: number;
  readonly learningRate: number;
}

/** What the run holds on the device, the base's weights among it: allocated, not planned. */
export interface MemoryEvent {
  readonly type: 'memory';
  readonly runId: string;
  readonly bytes: number;
}

/** Questions that are asked every so many steps. */
export interface SampleOptions {
  /** One to four. */
  readonly prompts: readonly string[];
  readonly everySteps: number;
  /** How they are put. */
  readonly prompting?: Prompting | undefined;
  /** Longest answer. */
  readonly maxTokens: number;
}

/** What the base (once, at step 0) or the adapter after `step` steps says to each prompt. */
export interface SampleEvent {
  readonly type: 'sample';
  readonly runId: string;
  readonly step: number;
  readonly whose: 'base' | 'adapter';
  readonly texts: readonly string[];
}

export interface TrainOptions {
  readonly samples?: SampleOptions | undefined;
  readonly from?: RunStart | undefined;
  /** Memory of the GPU that the run may take, where settings leave something to it; as much as it needs when absent. */
  readonly budgetBytes?: number | undefined;
}

export interface StateEvent {
  readonly type: 'state';
  readonly runId: string;
  readonly state: 'preparing' | 'running' | 'paused' | 'done' | 'stopped' | 'failed';
  /** For `failed`: what happened; for `preparing`: what is being done; for `running`: why the run cannot be kept. */
  readonly message: string | undefined;
}

/** First event of a run that goes on, also after a fault: everything that it told up to where it goes on from. */
export interface PastEvent {
  readonly type: 'past';
  readonly runId: string;
  readonly events: readonly (StepEvent | EvalEvent | ForgettingEvent | RateEvent)[];
}

/**
 * The GPU was lost, hung or out of memory, or the numbers went bad and the rate is halved; the run goes on by itself after
 * `step`, with these settings.
 */
export interface FaultEvent {
  readonly type: 'fault';
  readonly runId: string;
  readonly cause: 'gpu' | 'numbers';
  readonly step: number;
  readonly message: string;
  /** Smaller parts of a step, or blocks recomputed, if memory was the reason. */
  readonly settings: TrainSettings;
}

export type RunEvent =
  | StepEvent
  | EvalEvent
  | ForgettingEvent
  | RateEvent
  | MemoryEvent
  | SampleEvent
  | StateEvent
  | PastEvent
  | FaultEvent;

/** One of several adapters that are trained at once. */
export interface TogetherAsk {
  readonly runId: string;
  readonly adapterName: string;
  readonly settings: TrainSettings;
  /** Its rows are those of this file of the dataset; absent: all. */
  readonly file?: string;
}

/** What came of one of them: its adapter, or why it has none. */
export type TogetherEnd =
  | { readonly runId: string; readonly result: RunResult }
  | { readonly runId: string; readonly problem: string };

export interface InterruptedMember {
  readonly runId: string;
  readonly adapterName: string;
  readonly step: number;
  readonly totalSteps: number;
  readonly settings: TrainSettings;
  /** It has ended, and its adapter is in the library. */
  readonly isDone: boolean;
}

/** A run that a closed tab, a crash or a lost GPU has ended, as it was last kept. */
export interface InterruptedRun {
  /** Its adapters: one, or up to four that were trained at once. */
  readonly members: readonly InterruptedMember[];
  readonly datasetName: string;
  readonly samples: SampleOptions | undefined;
  readonly baseName: string;
  /** Of the base that has to be open for it to go on. */
  readonly baseHash: string;
  /** ISO 8601. */
  readonly savedAt: string;
  /** True: it goes on as if it had not been interrupted, to the bit. False: equal within rounding. */
  readonly isSameDevice: boolean;
}

/** A run that another tab of this browser trains. */
export interface RunInOtherTab {
  readonly runId: string;
  readonly adapterName: string;
  readonly settings: TrainSettings;
  readonly samples: SampleOptions | undefined;
  /** Those that are trained at once with it. */
  readonly others?: readonly Pick<RunInOtherTab, 'runId' | 'adapterName' | 'settings'>[];
}

export type OtherTabEvent =
  /** It goes on, and this is what it has told so far. */
  | { readonly type: 'run'; readonly run: RunInOtherTab; readonly events: readonly RunEvent[] }
  | { readonly type: 'event'; readonly event: RunEvent }
  /** What came of each of its adapters; without: it failed. */
  | { readonly type: 'end'; readonly runId: string; readonly ends: readonly TogetherEnd[] | undefined }
  /** Its tab was closed or has crashed. `interruptedRun` has what is left of it. */
  | { readonly type: 'gone'; readonly runId: string };

export interface RunResult {
  readonly runId: string;
  readonly adapterId: string;
  readonly steps: number;
  readonly finalLoss: number;
  readonly validationLoss: number | undefined;
  readonly baseValidationLoss: number | undefined;
  /** Why the run ended early: its numbers went bad, and the adapter is that of `steps`. */
  readonly trouble: string | undefined;
}

/** What a run will take. */
export interface Prediction {
  readonly stepMs: number;
  readonly totalMs: number;
  /** Exact. */
  readonly totalBytes: number;
}

export interface Advice {
  /** With the settings asked about. */
  readonly now: Prediction;
  readonly proposal: Proposal;
  /** Measured on this device over the open base. */
  readonly rate: StepRate;
}

/** What a run that goes on from a state of another one is, with the settings asked about. */
export type GoingOn =
  | {
      readonly totalSteps: number;
      /** Settings that are other from that step on. */
      readonly changed: readonly (keyof TrainSettings)[];
      /** Nothing is other: it makes the bits that the other one made, on the same device. */
      readonly isSameDevice: boolean;
    }
  /** Why it can take over nothing but the adapter. */
  | { readonly problem: string };

export interface RunApi {
  /** Measures the device once for each base (a second or two), predicts, and proposes what fits into `budgetBytes`. */
  adviseRun(settings: TrainSettings, budgetBytes: number): Promise<Advice>;
  /** `budgetBytes`: as in TrainOptions. */
  planRun(settings: TrainSettings, budgetBytes?: number): Promise<MemoryPlan>;
  /** Of several at once: what each holds, and what they share once; steps and epochs are those of the longest. */
  planTogether(asked: readonly Pick<TogetherAsk, 'settings' | 'file'>[], budgetBytes?: number): Promise<MemoryPlan>;
  /** With the open base and data. */
  goingOn(from: Extract<RunStart, { readonly kind: 'state' }>, settings: TrainSettings): Promise<GoingOn>;
  /** Resolves when the run has ended by itself or by `stopRun`; the adapter has then been kept. */
  train(
    runId: string,
    adapterName: string,
    settings: TrainSettings,
    onEvent: (event: RunEvent) => void,
    options?: TrainOptions,
  ): Promise<RunResult>;
  /**
   * Trains up to four at once over the open base and the open data, each to the bits of a run of its own. One that fails does not
   * end the others. Each has its id for events, pause, rate and stop.
   */
  trainTogether(
    asked: readonly TogetherAsk[],
    onEvent: (event: RunEvent) => void,
    options?: Pick<TrainOptions, 'samples' | 'budgetBytes'>,
  ): Promise<readonly TogetherEnd[]>;
  /** The run that another tab trains, now and from now on. To pause, to go on, to stop and another rate can be asked of it as of one's own. */
  followOtherTabs(onEvent: (event: OtherTabEvent) => void): Promise<void>;
  pauseRun(runId: string): Promise<void>;
  resumeRun(runId: string): Promise<void>;
  /** From the next step on, the schedule is scaled by this rate. Written down with the run: what goes on later keeps to it. */
  changeRate(runId: string, learningRate: number): Promise<void>;
  /** Ends after the current step and keeps the adapter as it is. */
  stopRun(runId: string): Promise<void>;
  /** Undefined while a run goes on, in this tab or another. */
  interruptedRun(): Promise<InterruptedRun | undefined>;
  /** Goes on with it as `train` or `trainTogether` would have; its base has to be open. Tells of those that had not ended. */
  resumeInterrupted(onEvent: (event: RunEvent) => void): Promise<readonly TogetherEnd[]>;
  /** Its adapters as they were last kept become some of the library; the run is forgotten. */
  keepInterrupted(): Promise<readonly AdapterRecord[]>;
  discardInterrupted(): Promise<void>;
}
