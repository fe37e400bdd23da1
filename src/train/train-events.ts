// What a run tells of itself while it goes, and the same told again of a run that goes on from a checkpoint.

import type { TokenRow } from '../data/types.ts';
import type { Checkpoint, EvalRecord, ForgettingRecord, StepRecord } from './checkpoint.ts';
import { stepsPerEpoch } from './recipe.ts';
import { splitRows } from './split-rows.ts';

export type TrainEvent =
  | ({
      readonly type: 'step';
      /** From 1. */
      readonly step: number;
      readonly totalSteps: number;
      readonly epoch: number;
    } & StepRecord)
  | ({ readonly type: 'eval' } & EvalRecord)
  | ({ readonly type: 'forgetting' } & ForgettingRecord)
  /** From the step after `step` on, the schedule is scaled by another learning rate. */
  | { readonly type: 'rate'; readonly step: number; readonly learningRate: number };

/** Every event of a run over these rows up to a checkpoint, in order, for whoever shows how it continues. */
export function pastEvents(
  {
    steps,
    evals,
    forgetting = [],
    rates,
    totalSteps,
    settings,
  }: Pick<Checkpoint, 'steps' | 'evals' | 'forgetting' | 'rates' | 'totalSteps' | 'settings'>,
  rows: readonly TokenRow[],
): TrainEvent[] {
  const run = { totalSteps, perEpoch: stepsPerEpoch(splitRows(rows, settings).train.length, settings) };
  const events: TrainEvent[] = [];
  let nextEval = 0;
  let nextForgetting = 0;
  let nextRate = 0;
  const tell = (step: number) => {
    for (; evals[nextEval] && evals[nextEval]!.step <= step; nextEval++)
      events.push({ type: 'eval', ...evals[nextEval]! });
    for (; forgetting[nextForgetting] && forgetting[nextForgetting]!.step <= step; nextForgetting++)
      events.push({ type: 'forgetting', ...forgetting[nextForgetting]! });
    for (; rates[nextRate] && rates[nextRate]!.step <= step; nextRate++) {
      const { step: at, learningRate } = rates[nextRate]!;
      events.push({ type: 'rate', step: at, learningRate });
    }
  };
  tell(0);
  for (const index of steps.keys()) {
    events.push(stepEvent(steps, index, run));
    tell(index + 1);
  }
  return events;
}

/** @param index from 0. */
export function stepEvent(
  steps: readonly StepRecord[],
  index: number,
  { totalSteps, perEpoch }: { readonly totalSteps: number; readonly perEpoch: number },
): TrainEvent {
  return { type: 'step', step: index + 1, totalSteps, epoch: (index + 1) / perEpoch, ...steps[index]! };
}
