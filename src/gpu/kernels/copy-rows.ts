// Rows of one value into another: parts of a fused product (split-rows.ts), or all of them.

import type { Tape } from '../backward.ts';
import { elements, type Graph, type Value } from '../graph.ts';
import { grid1d } from '../grid.ts';

/** Which runs of rows: the n-th begins at row first + n·stride. */
type Place = Readonly<Record<'from_first' | 'from_stride' | 'to_first' | 'to_stride', number>>;

/** Runs of `rows` rows each, from (·,T) to (·,T). */
export function copyRows(
  g: Graph,
  from: Value,
  to: Value,
  rows: number,
  place: Place,
  backward?: (tape: Tape) => void,
): void {
  const T4 = from.shape[1]! / 4;
  const n4 = Math.min(elements(from.shape), elements(to.shape)) / 4;
  const WG = 64;
  g.push({
    label: `rows of ${from.name}`,
    shader: { file: 'copy-rows', overrides: { WG } },
    bindings: { from_rows: from, to_rows: to },
    writes: ['to_rows'],
    params: { rows, n4, T4, ...place },
    grid: grid1d(n4, WG),
    ...(backward && { backward }),
  });
}

/** x (C,T) in memory of its own. */
export function copyOf(g: Graph, x: Value): Value {
  const copy = g.activation(`copy of ${x.name}`, x.shape);
  const rows = x.shape[0]!;
  copyRows(g, x, copy, rows, { from_first: 0, from_stride: rows, to_first: 0, to_stride: rows });
  return copy;
}
