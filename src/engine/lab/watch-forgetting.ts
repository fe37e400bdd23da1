// Watches what a run forgets while it goes: on the adapter's memory as it trains, between two steps.

import type { FlatAdapter } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import type { ForgettingRecord, RunHooks } from '../../train/run-training.ts';
import { ForgettingGauge, readGeneralRows } from './forgetting-gauge.ts';
import { portion } from './portion.ts';

/** Columns of a pass: little memory beside that of a step. */
const COLUMNS = 256;
/** On a software adapter the whole text would take longer than the steps in between. */
const SOFTWARE_TOKENS = 384;

export interface ForgettingWatch {
  readonly records: readonly ForgettingRecord[];
  /** `hooks` with the measurements in between. */
  readonly hooks: RunHooks;
  /** Measures once more, unless that step has been. */
  finish(step: number): Promise<void>;
  destroy(): void;
}

/** Throws a sentence when the base has no tokenizer to read the text with. */
export async function watchForgetting(
  model: BaseModel,
  adapter: FlatAdapter,
  every: number,
  hooks: RunHooks,
): Promise<ForgettingWatch> {
  const all = await readGeneralRows(model);
  const rows = model.device.isSoftware ? portion(all, SOFTWARE_TOKENS) : all;
  const gauge = await ForgettingGauge.create(model, adapter, rows, COLUMNS);
  const records: ForgettingRecord[] = [];
  const measure = async (step: number) => {
    if (records.at(-1)?.step === step) return;
    const record = { step, ...(await gauge.measure()) };
    records.push(record);
    hooks.onEvent({ type: 'forgetting', ...record });
  };
  return {
    records,
    hooks: {
      ...hooks,
      async afterStep(step, flat) {
        await hooks.afterStep?.(step, flat);
        if (step % every === 0) await measure(step);
      },
    },
    finish: measure,
    destroy: () => gauge.destroy(),
  };
}
