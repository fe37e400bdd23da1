// What a chart over steps shows; step-chart.ts draws it on the page, write-svg.ts into a file.
import type { Curve, StepWindow } from './sample-series.ts';

export interface ChartLine extends Curve {
  readonly name: string;
  /** A colour, or the name of one of the page's ("--leaf"). */
  readonly stroke: string;
  readonly width: number;
  readonly dash?: readonly number[];
}

export interface ChartDots {
  readonly name: string;
  readonly points: readonly { readonly step: number; readonly loss: number }[];
  readonly fill: string;
}

export interface ChartSpec {
  readonly title: string;
  readonly lines: readonly ChartLine[];
  readonly dots?: readonly ChartDots[];
  /** A value that holds for all steps, once it is known. */
  readonly level?: { readonly name: string; readonly stroke: string; value(): number | undefined };
  /** Steps at which something was changed by hand. */
  readonly marks?: readonly { readonly step: number }[];
  /** The last step there will be. */
  totalSteps(): number;
  /** Differs when anything above does. */
  version(): unknown;
  readonly valueText?: (value: number) => string;
}

/** Lowest and highest value in the window, with some room around. */
export function valueRange(spec: ChartSpec, [from, to]: StepWindow, isLog: boolean): [number, number] {
  const seen: number[] = [];
  for (const { series } of spec.lines) seen.push(...(series.range(from - 1, to) ?? []));
  for (const { points } of spec.dots ?? [])
    for (const { step, loss } of points) if (step >= from - 1 && step <= to && Number.isFinite(loss)) seen.push(loss);
  const level = spec.level?.value();
  if (level !== undefined && Number.isFinite(level)) seen.push(level);
  if (seen.length === 0) return isLog ? [0.1, 10] : [0, 1];
  let [low, high] = [Math.min(...seen), Math.max(...seen)];
  if (isLog) {
    high = Math.max(high, 1e-12);
    low = low > 0 ? low : high / 1e4;
    const room = Math.max((high / low) ** 0.08, 1.05);
    return [low / room, high * room];
  }
  const room = high > low ? (high - low) * 0.08 : Math.abs(high) * 0.1 || 0.5;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

/** The steps that are shown: those of the window, else all from the first to the last there will be. */
export function shownSteps(spec: ChartSpec, window: StepWindow | undefined): StepWindow {
  const longest = spec.lines.reduce((n, { series }) => Math.max(n, series.count), 0);
  return window ?? [1, Math.max(spec.totalSteps(), longest, 2)];
}

/** Dots nearer to each other than this, in pixels, run into a band. */
const DOTS_APART = 14;

/** Of dots in the order of their steps: those that are drawn, and where they would run into each other a thin line in their place. */
export function thinDots<P>(
  points: readonly P[],
  xOf: (point: P) => number,
): { dots: readonly P[]; line: readonly P[] } {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 3) return { dots: points, line: [] };
  const apart = (xOf(last) - xOf(first)) / (points.length - 1);
  return apart < DOTS_APART ? { dots: [last], line: points } : { dots: points, line: [] };
}

/** As many decimals as the distance between two ticks needs, the same for all of them. */
export function tickTexts(ticks: readonly number[]): string[] {
  const apart = ticks.length > 1 ? Math.abs(ticks[1]! - ticks[0]!) : 1;
  let decimals = 0;
  while (decimals < 6 && Math.abs(apart * 10 ** decimals - Math.round(apart * 10 ** decimals)) > 1e-6) decimals++;
  const isTiny = apart > 0 && apart < 1e-3;
  return ticks.map((tick) =>
    isTiny ? (tick === 0 ? '0' : tick.toExponential(1).replace('.0e', 'e')) : tick.toFixed(decimals),
  );
}
