// Runs: all that were made in this browser, with their settings, curves, results, notes and states to start from.

import type { TrainSettings } from '../../train/recipe.ts';
import type { AdapterRecord } from './library.ts';
import type { EvalEvent, RateEvent, SampleEvent, SampleOptions } from './run.ts';

/** What a run starts from in place of a fresh adapter; rank, alpha and targets are then those of that adapter. */
export type RunStart =
  | {
      readonly kind: 'state';
      readonly runId: string;
      readonly step: number;
      /** At that step, with that run's optimiser and place in the data; else with its adapter alone. */
      readonly goesOn?: boolean;
    }
  | { readonly kind: 'adapter'; readonly adapterId: string };

export interface RunRecord {
  readonly id: string;
  /** Of the adapter. */
  readonly name: string;
  /** ISO 8601. */
  readonly created: string;
  readonly state: 'running' | 'interrupted' | 'done' | 'stopped' | 'failed';
  readonly settings: TrainSettings;
  readonly base: { readonly id: string; readonly name: string; readonly hash: string; readonly quant: string };
  readonly data: { readonly name: string; readonly hash: string; readonly rows: number };
  /** The GPU's name. */
  readonly device: string;
  readonly steps: number;
  readonly totalSteps: number;
  /** Of its steps, without pauses. */
  readonly trainedMs: number;
  readonly memoryBytes: number | undefined;
  readonly finalLoss: number | undefined;
  readonly validationBefore: number | undefined;
  readonly validationAfter: number | undefined;
  readonly trouble: string | undefined;
  /** In the library; it may have been deleted there since. */
  readonly adapterId: string | undefined;
  readonly samples: SampleOptions | undefined;
  readonly from: (RunStart & { readonly name: string }) | undefined;
  readonly notes: string;
  /** Steps whose adapter is kept, rising: another run can start from each. */
  readonly keptSteps: readonly number[];
  /** ISO 8601. Still there until `forgetDeleted`, so that it can be brought back. */
  readonly deleted?: string;
}

/** Step n lies at entry n − 1 of every list. */
export interface RunCurves {
  readonly loss: Float64Array;
  readonly lr: Float64Array;
  readonly gradNorm: Float64Array;
  readonly tokens: Float64Array;
  readonly ms: Float64Array;
  readonly evals: readonly Pick<EvalEvent, 'step' | 'loss'>[];
  readonly rates: readonly Pick<RateEvent, 'step' | 'learningRate'>[];
  readonly samples: readonly Pick<SampleEvent, 'step' | 'whose' | 'texts'>[];
}

export interface RunsApi {
  /** Newest first; without those that are deleted. */
  listRuns(): Promise<readonly RunRecord[]>;
  /** Undefined when there are none yet, or no such run. */
  runCurves(id: string): Promise<RunCurves | undefined>;
  noteRun(id: string, notes: string): Promise<void>;
  /** Takes it off the list; `restoreRun` brings it back until `forgetDeleted`. */
  deleteRun(id: string): Promise<void>;
  restoreRun(id: string): Promise<void>;
  /** Ends what was deleted for good: called when a page opens, so that an undo lasts as long as its visit. */
  forgetDeleted(): Promise<void>;
  /** A kept state becomes an adapter of the library. The base of the run has to be open. */
  keepState(id: string, step: number): Promise<AdapterRecord>;
}
