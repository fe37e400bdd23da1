// Logits at chosen columns: what generation samples from and scoring compares.

import type { Graph, Value } from '../graph.ts';
import type { Weight } from '../weight.ts';
import { gatherColumns } from './gather-columns.ts';
import { matmul } from './matmul.ts';

/** hidden (C,T), head (V,C), columns (M) u32 input with `used` (1) u32 of them → logits (V,M). M a multiple of 4; columns not used give 0. */
export function logitsOf(g: Graph, hidden: Value, head: Weight, columns: Value, used: Value): Value {
  const h = gatherColumns(g, hidden, { columns, used, offset: 0, count: columns.shape[0]! });
  return matmul(g, head, h, { label: 'logits' });
}
