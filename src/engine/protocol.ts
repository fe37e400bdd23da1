// What the page and the worker say to each other: plain data, structured-cloneable, no GPU objects. One file a place of the
// page in protocol/; this is their door. `EngineApi` is served by worker.ts through comlink and used by the page through
// client.ts. All sizes are bytes, all times milliseconds unless a name says otherwise.

import type { BaseApi } from './protocol/base.ts';
import type { BenchApi } from './protocol/bench.ts';
import type { DataApi } from './protocol/data.ts';
import type { LabApi } from './protocol/lab.ts';
import type { LibraryApi } from './protocol/library.ts';
import type { PlayApi } from './protocol/play.ts';
import type { RunApi } from './protocol/run.ts';
import type { RunsApi } from './protocol/runs.ts';
import type { XrayApi } from './protocol/xray.ts';

export { PROMPT_INITS } from '../lora/methods/prompt-tuning.ts';
export { isWeights, PYTORCH_NAMES } from '../model/weight-files.ts';
export { forMethod, METHODS, type Method } from '../train/adapter-settings.ts';
export {
  MOST_TOGETHER,
  type Recipe,
  type RecipeAdapter,
  withSettings,
  writeRecipe,
} from '../train/apply-recipe.ts';
export {
  CHECKPOINTING,
  CHECKPOINTING_CHOICES,
  DEFAULT_SETTINGS,
  SUGGESTED_RATES,
  suggestedRate,
  type TrainSettings,
} from '../train/recipe.ts';
export { withRecipe } from '../train/with-recipe.ts';
export type { Reason } from './autopilot/propose-settings.ts';
export type * from './protocol/base.ts';
export type * from './protocol/bench.ts';
export type * from './protocol/data.ts';
export type * from './protocol/lab.ts';
export type * from './protocol/library.ts';
export type * from './protocol/play.ts';
export { isRunningAdapter, MOST_ANSWERS, RUNNING_ADAPTER, runningAdapter } from './protocol/play.ts';
export type * from './protocol/progress.ts';
export type * from './protocol/run.ts';
export type * from './protocol/runs.ts';
export type * from './protocol/traffic.ts';
export type * from './protocol/xray.ts';

/** One interface a place. Arguments and results are plain data; functions among the arguments are called back across the wire. */
export interface EngineApi {
  readonly base: BaseApi;
  readonly data: DataApi;
  readonly run: RunApi;
  readonly runs: RunsApi;
  readonly play: PlayApi;
  readonly library: LibraryApi;
  readonly lab: LabApi;
  readonly xray: XrayApi;
  readonly bench: BenchApi;
}
