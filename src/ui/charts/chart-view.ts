// What is looked at in charts that belong together: the steps shown, the axes, and the one step that is read.
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { StepWindow } from './sample-series.ts';

export interface ChartView {
  /** Undefined: the whole run. */
  readonly window: StepWindow | undefined;
  readonly logValues: boolean;
  readonly logSteps: boolean;
  /** The step under the cursor or the slider. */
  readonly step: number | undefined;
}

export type ChartViewStore = StoreApi<ChartView>;

export const createChartView = (): ChartViewStore =>
  createStore<ChartView>(() => ({ window: undefined, logValues: false, logSteps: false, step: undefined }));

/** Fewer steps than these are not worth a picture of their own. */
const LEAST_STEPS = 4;

/** A window that lies inside the run and holds a few steps at least; undefined when it is the whole run. */
export function fitWindow([from, to]: StepWindow, lastStep: number): StepWindow | undefined {
  const length = Math.max(LEAST_STEPS, Math.round(to) - Math.round(from) + 1);
  if (length >= lastStep) return undefined;
  const first = Math.min(Math.max(1, Math.round(from)), lastStep - length + 1);
  return [first, first + length - 1];
}

/** @param factor 0.5 shows half as many steps, 2 twice as many; the step that is read stays, else the middle. */
export function zoom({ window, step }: ChartView, factor: number, lastStep: number): StepWindow | undefined {
  const [from, to] = window ?? [1, lastStep];
  const length = (to - from + 1) * factor;
  const fixed = step !== undefined && step >= from && step <= to ? step : (from + to) / 2;
  const share = to > from ? (fixed - from) / (to - from) : 0.5;
  const begin = fixed - share * (length - 1);
  return fitWindow([begin, begin + length - 1], lastStep);
}
