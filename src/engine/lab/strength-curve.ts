// The trade-off of an adapter as its strength goes from nothing to more than it was trained with: the loss of its own task
// against what the base has forgotten.

import type { TokenRow } from '../../data/types.ts';
import type { FlatAdapter } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { type Forgetting, ForgettingGauge } from './forgetting-gauge.ts';
import { RowsLoss } from './rows-loss.ts';

export interface StrengthPoint extends Forgetting {
  /** 1: as trained; 0: the base alone. */
  readonly strength: number;
  /** Loss of the task's rows; undefined without rows. */
  readonly taskLoss: number | undefined;
}

export const STRENGTHS: readonly number[] = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5];

/** A soft prompt is there or not. */
function usualStrengths({ shape }: FlatAdapter): readonly number[] {
  return shape.prompt ? [0, 1] : STRENGTHS;
}

export interface CurveOptions {
  /** Rows of the adapter's own task. */
  readonly task?: readonly TokenRow[] | undefined;
  /** Instead of the bundled text. */
  readonly general?: readonly TokenRow[] | undefined;
  readonly strengths?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Yields a point for each strength, as it is measured. */
export async function* strengthCurve(
  model: BaseModel,
  adapter: FlatAdapter,
  { task, general, strengths = usualStrengths(adapter), signal }: CurveOptions = {},
): AsyncGenerator<StrengthPoint> {
  const gauge = await ForgettingGauge.create(model, adapter, general);
  let meter: RowsLoss | undefined;
  try {
    meter = task && (await RowsLoss.create(model, adapter, task));
    for (const strength of strengths)
      yield {
        strength,
        taskLoss: await meter?.measure(strength, signal),
        ...(await gauge.measure(strength, undefined, signal)),
      };
  } finally {
    gauge.destroy();
    meter?.destroy();
  }
}
