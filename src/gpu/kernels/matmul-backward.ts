// dx = scale·Wᵀ·dy: the gradient that flows through a product to its input.

import type { Graph, Op, Value } from '../graph.ts';
import { rowsOfSlab, slabsOf, type Weight } from '../weight.ts';
import { checkProduct, type LowRankTerm, product } from './product.ts';

export interface MatmulBackwardOptions {
  /** (C,T), overwritten: the result is `into + scale·Wᵀ·dy`. */
  readonly into?: Value | undefined;
  /** Added to the result: scaling·Fᵀ·u with F (R,C). */
  readonly lowRank?: LowRankTerm | undefined;
  readonly scale?: number;
  readonly label?: string;
  /** Runs only when the host's count is above this; see Op.onlyIf. */
  readonly onlyIf?: Op['onlyIf'];
}

/** W (O,C), dy (O,T) → dx (C,T). Throws TypeError when the shapes do not fit. */
export function matmulBackward(g: Graph, weight: Weight, dy: Value, options: MatmulBackwardOptions = {}): Value {
  const { into, lowRank, scale = 1, label = `${weight.name} backward`, onlyIf } = options;
  const { rows: O, columns: C } = weight;
  const T = dy.shape[1]!;
  checkProduct(label, 'dy', dy, [O, T]);
  if (into) checkProduct(label, 'into', into, [C, T]);
  let dx = into;
  for (const slab of slabsOf(g, weight)) {
    const epilogue = dx ? 'accumulate' : 'store';
    const y: Value = dx ? g.inPlace(dx.name, dx) : g.activation(`d${weight.name}`, [C, T]);
    const x = rowsOfSlab(g, dy, slab);
    const term = dx === into ? lowRank : undefined;
    const spec = { label, weight: slab.weight, x, y, epilogue, lowRank: term, scale, onlyIf } as const;
    g.push(product({ ...spec, side: 'columns' }, g));
    dx = y;
  }
  return dx!;
}
