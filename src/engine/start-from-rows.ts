// The initial adapter where it depends on the rows, that is, for EVA. It is treated like any saved adapter to start from: the run
// plans its memory by it, and a resumed run reads it again.

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
  /** A summary of the search, for the user. */
  readonly outcome: string;
  /** False: the search ran out of batches or was stopped; the adapter starts with what was found by then. */
  readonly hasSettled: boolean;
}

export function beginsFromRows(model: BaseModel, settings: TrainSettings): boolean {
  const config = configFor(model, settings);
  return config.peft_type === 'LORA' && isEva(config);
}

/** Undefined when the start does not depend on the rows. Throws a RangeError when there are too few of them. */
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
