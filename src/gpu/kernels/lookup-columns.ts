// y[r,t] = table[r,ids[t]]: the A of a low-rank embedding (PEFT keeps it (R,V)), by token id.

import type { Tape } from '../backward.ts';
import type { Graph, Value } from '../graph.ts';
import { factorWeight, rowsOfSlab, slabsOf } from '../weight.ts';
import { scatterIds } from './scatter-ids.ts';

/** table (R,V), ids (T) u32 → y (R,T). The column of the id `padding` gets no gradient (torch's padding_idx). */
export function lookupColumns(g: Graph, table: Value, ids: Value, padding?: number): Value {
  const [R, V] = table.shape as [number, number];
  const T = ids.shape[0]!;
  const WG = 64;
  const y = g.activation(`lookup ${table.name}`, [R, T]);
  const slabs = slabsOf(g, factorWeight(table));
  const backward = (tape: Tape) => {
    if (table.role !== 'trainable') return;
    for (const slab of slabs) {
      const gradients = [{ gradient: tape.graph.gradientOf(slab.weight.codes), first: 0, count: V }];
      const dy = rowsOfSlab(tape.graph, tape.gradient(y), slab);
      scatterIds(tape.graph, { ids, dx: dy, gradients }, { rows: V, id: 1, c: V }, { padding });
    }
  };
  for (const [i, slab] of slabs.entries())
    g.push({
      label: `lookup ${table.name}`,
      shader: { file: 'lookup-columns', overrides: { WG } },
      bindings: { table: slab.weight.codes, ids, y: rowsOfSlab(g, y, slab) },
      writes: ['y'],
      params: { R: slab.weight.rows, V, T },
      grid: [Math.ceil(T / WG), slab.weight.rows, 1],
      backward: i === 0 ? backward : () => {},
    });
  return y;
}
