// Watches what a run forgets while it goes: on the adapter's memory as it trains, between two steps.

import type { TokenRow } from '../../data/types.ts';
import type { PlanLimits } from '../../gpu/plan.ts';
import type { Traits } from '../../gpu/traits.ts';
import type { AdapterShape } from '../../lora/adapter-tensors.ts';
import type { FlatAdapter } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import type { PassModel } from '../../model/model-pass.ts';
import { planMeter } from '../../train/forgetting-meter.ts';
import type { ForgettingMeasure } from '../../train/run-training.ts';
import { withPrompt } from '../../train/soft-prompt.ts';
import { ForgettingGauge, gaugeSize, readGeneralRows } from './forgetting-gauge.ts';
import { portion } from './portion.ts';

/** Columns of a pass: little memory beside that of a step. */
const COLUMNS = 256;
/** On a software adapter the whole text would take longer than the steps in between. */
const SOFTWARE_TOKENS = 384;

/** What the watch measures: the whole text, or a portion. */
async function watchedRows(model: Pick<BaseModel, 'folder'>, isSoftware: boolean): Promise<readonly TokenRow[]> {
  const all = await readGeneralRows(model);
  return isSoftware ? portion(all, SOFTWARE_TOKENS) : all;
}

/** Exactly what a watch allocates beside what trains and the base, and the longest row that it needs tables for. */
export async function planWatch(
  model: PassModel & Pick<BaseModel, 'folder'>,
  traits: Traits & PlanLimits,
  shape: AdapterShape,
  isSoftware: boolean,
): Promise<{ readonly bytes: number; readonly positions: number }> {
  const { columns, positions } = gaugeSize(withPrompt(await watchedRows(model, isSoftware), { shape }), COLUMNS);
  return { bytes: planMeter(model, traits, shape, columns, positions), positions };
}

export interface ForgettingWatch extends ForgettingMeasure {
  /** On the device, beside the adapter, the base, and tables for `positions`. */
  readonly bytes: number;
  readonly positions: number;
  destroy(): void;
}

/** Throws a sentence when the base has no tokenizer to read the text with. */
export async function watchForgetting(model: BaseModel, adapter: FlatAdapter, every: number): Promise<ForgettingWatch> {
  const rows = await watchedRows(model, model.device.isSoftware);
  const gauge = await ForgettingGauge.create(model, adapter, rows, COLUMNS);
  return {
    every,
    bytes: gauge.bytes,
    positions: gauge.positions,
    measure: () => gauge.measure(),
    destroy: () => gauge.destroy(),
  };
}
