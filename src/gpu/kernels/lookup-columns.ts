// y[r,t] = table[r,ids[t]]: the A of a low-rank embedding (PEFT keeps it (R,V)), by token id.

import type { Graph, Value } from '../graph.ts';
import { scatterIds } from './scatter-ids.ts';

/** table (R,V), ids (T) u32 → y (R,T). */
export function lookupColumns(g: Graph, table: Value, ids: Value): Value {
  const [R, V] = table.shape as [number, number];
  const T = ids.shape[0]!;
  const WG = 64;
  const y = g.activation(`lookup ${table.name}`, [R, T]);
  g.push({
    label: `lookup ${table.name}`,
    shader: { file: 'lookup-columns', overrides: { WG } },
    bindings: { table, ids, y },
    writes: ['y'],
    params: { R, V, T },
    grid: [Math.ceil(T / WG), R, 1],
    backward: (tape) => {
      if (table.role === 'trainable')
        scatterIds(tape.graph, ids, tape.gradient(y), tape.graph.gradientOf(table), { rows: V, id: 1, c: V });
    },
  });
  return y;
}
