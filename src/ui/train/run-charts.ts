// What the charts of the run show: the loss, and three smaller ones for how it is learned.

import type { ChartSpec } from '../charts/chart-spec.ts';
import { createChartView } from '../charts/chart-view.ts';
import { count, rateOf } from '../format.ts';
import { lookAt } from '../runs/run-look.ts';
import type { RunPoints } from './run-points.ts';
import { type RunFacts, runStore } from './run-store.ts';
import { words } from './words.ts';

/** One view for all charts of the run: zoom and cursor move together. */
export const runView = createChartView();

export function lossSpec(points: RunPoints, name: string): ChartSpec {
  const w = words.chart;
  return {
    title: name ? w.file(name) : w.title,
    lines: [
      { name: w.raw, series: points.loss, isNoisy: true, stroke: '--raw', width: 1.2 },
      { name: w.smooth, series: points.smooth, stroke: '--leaf', width: 2.4 },
    ],
    dots: [{ name: w.validation, points: points.evals, fill: '--amber' }],
    level: { name: w.base, stroke: '--base', value: () => points.baseEval },
    marks: points.rates,
    totalSteps,
    version: () => points.version,
  };
}

/** Several adapters over the same steps; each step's own loss is shown of the one that is looked at. */
export function togetherSpec(members: readonly RunFacts[], shown: string | undefined): ChartSpec {
  const w = words.chart;
  const looked = members.find(({ runId }) => runId === shown) ?? members[0]!;
  const place = members.indexOf(looked);
  return {
    title: words.together.title(members.length),
    lines: [
      { name: w.raw, series: looked.points.loss, isNoisy: true, stroke: '--line', width: 1.2 },
      ...members.map(({ name, points }, i) => ({
        name,
        series: points.smooth,
        width: i === place ? 3 : 1.8,
        ...lookAt(i),
      })),
    ],
    dots: members.map(({ name, points }, i) => ({ name, points: points.evals, fill: lookAt(i).stroke })),
    level: { name: w.base, stroke: '--base', value: () => looked.points.baseEval },
    marks: looked.points.rates,
    totalSteps: () => Math.max(0, ...runStore.getState().members.map(({ figures }) => figures.totalSteps)),
    version: () => members.reduce((sum, { points }) => sum + points.version, 0),
  };
}

export const SMALL = ['lr', 'gradNorm', 'speed'] as const;
export type Small = (typeof SMALL)[number];

export function smallSpec(points: RunPoints, kind: Small): ChartSpec {
  const title = words.chart.smallTitles[kind];
  const line = { name: title, series: points[kind], isNoisy: kind === 'gradNorm', stroke: '--soft', width: 1.4 };
  return {
    title,
    lines: [line],
    ...(kind === 'lr' && { marks: points.rates }),
    totalSteps,
    version: () => points.version,
    ...(kind !== 'gradNorm' && { valueText: kind === 'lr' ? rateOf : (value: number) => count(value) }),
  };
}

const totalSteps = () => runStore.getState().figures.totalSteps;
