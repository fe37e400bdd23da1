// Columns that the host reads, each in one piece: of logits (V,T) a decoding pass uses one column, or one for each answer.

import type { Graph, Value } from '../graph.ts';
import { grid1d } from '../grid.ts';

/** x (C,T) → y (count,C): its first columns. Without gradients. Throws RangeError when x has fewer. */
export function columnsAsRows(g: Graph, x: Value, count: number): Value {
  const [C, T] = x.shape as [number, number];
  if (count > T) throw new RangeError(`Cannot take columns of "${x.name}": found ${T}, need ${count}`);
  const y = g.activation(`rows of ${x.name}`, [count, C]);
  const WG = 64;
  g.push({
    label: `columns of ${x.name}`,
    shader: { file: 'columns-as-rows', overrides: { WG } },
    bindings: { x, y },
    writes: ['y'],
    params: { C, T, R: count },
    grid: grid1d(C, WG),
  });
  return y;
}
