// A window of some series as the points that a chart of so many pixels needs: all of them when they are few, else two a
// column. A raw curve is drawn by its lowest and highest number in each column, so that no peak is lost; a calm one by its
// first and last.
import type { Series } from './series.ts';

/** Steps, both included, from 1. */
export type StepWindow = readonly [number, number];

export interface Curve {
  readonly series: Series;
  readonly isNoisy?: boolean;
}

/** [steps, a row of values for each curve]; null where a curve has no number. */
export type Points = [number[], ...(number | null)[][]];

export function sampleSeries(
  curves: readonly Curve[],
  [first, last]: StepWindow,
  columns: number,
  isLog = false,
): Points {
  const steps: number[] = [];
  const rows: (number | null)[][] = curves.map(() => []);
  const longest = curves.reduce((n, { series }) => Math.max(n, series.count), 0);
  const from = Math.max(0, first - 1);
  const to = Math.min(longest, last);
  const edges = columnEdges(from, to, columns, isLog);
  for (let c = 0; c + 1 < edges.length; c++) {
    const [begin, end] = [edges[c]!, edges[c + 1]!];
    const isOne = end - begin === 1;
    steps.push(begin + 1);
    if (!isOne) steps.push(end);
    for (const [i, { series, isNoisy }] of curves.entries()) {
      const at = (index: number) => (index < series.count ? finite(series.values[index]!) : null);
      const range = isNoisy && !isOne ? series.range(begin, end) : undefined;
      const pair = range ?? [at(begin), at(end - 1)];
      rows[i]!.push(pair[0]);
      if (!isOne) rows[i]!.push(pair[1]);
    }
  }
  return [steps, ...rows];
}

function columnEdges(from: number, to: number, columns: number, isLog: boolean): number[] {
  if (to <= from) return [];
  const count = to - from;
  if (count <= 2 * columns) return Array.from({ length: count + 1 }, (_, i) => from + i);
  const edges = [from];
  for (let c = 1; c <= columns; c++) {
    const share = c / columns;
    const at = isLog ? (from + 1) * ((to + 1) / (from + 1)) ** share - 1 : from + count * share;
    const edge = Math.round(at);
    if (edge > edges.at(-1)!) edges.push(edge);
  }
  return edges;
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);
