// Logits at chosen columns: what generation samples from and scoring compares.

import type { Graph, Value } from '../graph.ts';
import { gatherColumns } from './gather-columns.ts';

/** hidden (C,T), head: x (C,M) → logits (V,M), columns (M) u32 input with `used` (1) u32 of them → logits (V,M). M a multiple of 4; columns not used give 0. */
export function logitsOf(g: Graph, hidden: Value, head: (x: Value) => Value, columns: Value, used: Value): Value {
  return head(gatherColumns(g, hidden, { columns, used, offset: 0, count: columns.shape[0]! }));
}
