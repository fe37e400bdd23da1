// x[c,t] = scale · W[first + ids[t],c]: token ids to features. A trained table learns from all columns of an id.

import type { Tape } from '../backward.ts';
import type { Graph, Value } from '../graph.ts';
import { slabsOf, type Weight } from '../weight.ts';
import { weightBindings, weightPart } from './product.ts';
import { scatterIds } from './scatter-ids.ts';

export interface EmbeddingOptions {
  readonly scale?: number;
  /** Row of the table that id 0 means. */
  readonly first?: number;
  /** An id whose row gets no gradient (torch's padding_idx). */
  readonly padding?: number | undefined;
}

/** table (V,C), ids (T) u32 → x (C,T). Ids beyond the table read its last row; the host checks them first. */
export function embedding(
  g: Graph,
  table: Weight,
  ids: Value,
  { scale = 1, first = 0, padding }: EmbeddingOptions = {},
): Value {
  const { rows: O, columns: C } = table;
  const T = ids.shape[0]!;
  const x = g.activation(`embedding ${table.name}`, [C, T]);
  const WG = 16;
  const slabs = slabsOf(g, table);
  const backward = (tape: Tape) => {
    if (table.codes.role !== 'trainable') return;
    if (first !== 0) throw new RangeError(`Cannot train "${table.name}": found rows that begin at ${first}, need 0`);
    const gradients = slabs.map((slab) => ({
      gradient: tape.graph.gradientOf(slab.weight.codes),
      first: slab.first,
      count: slab.weight.rows,
    }));
    scatterIds(tape.graph, { ids, dx: tape.gradient(x), gradients }, { rows: O, id: C, c: 1 }, { scale, padding });
  };
  for (const [i, { first: begin, weight }] of slabs.entries())
    g.push({
      label: `embedding ${table.name}`,
      shader: { file: 'embedding', parts: { weight: weightPart(weight) }, overrides: { WG } },
      bindings: { ...weightBindings(weight), ids, x },
      writes: ['x'],
      params: { O: weight.rows, C, T, first, scale, begin, rows: O },
      grid: [Math.ceil(T / WG), Math.ceil(C / 4), 1],
      backward: i === 0 ? backward : () => {},
    });
  return x;
}
