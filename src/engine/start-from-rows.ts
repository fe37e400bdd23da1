// What a run begins with where that follows from its rows: an adapter whose settings ask for EVA. It is a start like one that was
// kept: the run plans its memory by it, and a run that goes on reads it again.

import type { TokenRow } from '../data/types.ts';
import type { Adapter } from '../lora/adapter.ts';
import { isEva } from '../lora/eva/eva-placement.ts';
import { writePeftFolder } from '../lora/files/peft.ts';
import type { BaseModel } from '../model/base-model.ts';
import { type EvaHooks, type EvaProgress, evaStart } from '../train/eva-start.ts';
import type { TrainSettings } from '../train/recipe.ts';
import { configFor } from './train-adapter.ts';

export interface RowsStart {
  readonly adapter: Adapter;
  /** The same as a PEFT folder, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** How the search went. */
  readonly outcome: string;
  /** False: it took too many batches, or was stopped; the adapter begins with what was found by then. */
  readonly hasSettled: boolean;
}

export function beginsFromRows(model: BaseModel, settings: TrainSettings): boolean {
  const config = configFor(model, settings);
  return config.peft_type === 'LORA' && isEva(config);
}

/** Undefined: nothing of the start follows from the rows. Throws a RangeError when there are too few of them. */
export async function startFromRows(
  model: BaseModel,
  rows: readonly TokenRow[],
  settings: TrainSettings,
  { say, ...hooks }: Omit<EvaHooks, 'onProgress'> & { say?(progress: string): void } = {},
): Promise<RowsStart | undefined> {
  const config = configFor(model, settings);
  if (config.peft_type !== 'LORA' || !isEva(config)) return undefined;
  say?.('EVA: looking at the rows');
  const onProgress = (progress: EvaProgress) => say?.(`EVA: ${inWords(progress)}`);
  const { adapter, progress } = await evaStart(model, config, rows, settings, { ...hooks, onProgress });
  const name = model.folder.name;
  const files = new Map(writePeftFolder(adapter, { name }).map((file) => [file.name, file.bytes]));
  const ranks = [...adapter.modules.values()].map(({ r }) => r);
  const range = `ranks ${Math.min(...ranks)} to ${Math.max(...ranks)} at ${ranks.length} modules`;
  const hasSettled = progress.settled === progress.inputs;
  return { adapter, files, outcome: `EVA: ${inWords(progress)}; ${range}`, hasSettled };
}

function inWords({ batches, settled, inputs }: EvaProgress): string {
  return `${settled} of ${inputs} inputs settled after ${batches} ${batches === 1 ? 'batch' : 'batches'}`;
}
