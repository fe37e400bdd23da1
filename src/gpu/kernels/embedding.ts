// x[c,t] = scale · W[first + ids[t],c]: token ids to features. The table is frozen, so nothing flows back.

import type { Graph, Value } from '../graph.ts';
import type { Weight } from '../weight.ts';
import { weightBindings, weightPart } from './product.ts';

export interface EmbeddingOptions {
  readonly scale?: number;
  /** Row of the table that id 0 means. */
  readonly first?: number;
}

/** table (V,C), ids (T) u32 → x (C,T). Ids beyond the table read its last row; the host checks them first. */
export function embedding(g: Graph, table: Weight, ids: Value, { scale = 1, first = 0 }: EmbeddingOptions = {}): Value {
  const { rows: O, columns: C } = table;
  const T = ids.shape[0]!;
  const x = g.activation(`embedding ${table.name}`, [C, T]);
  const WG = 16;
  g.push({
    label: `embedding ${table.name}`,
    shader: { file: 'embedding', parts: { weight: weightPart(table) }, overrides: { WG } },
    bindings: { ...weightBindings(table), ids, x },
    writes: ['x'],
    params: { O, C, T, first, scale },
    grid: [Math.ceil(T / WG), Math.ceil(C / 4), 1],
  });
  return x;
}
