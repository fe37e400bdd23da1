// y += s·B·(A·x): what a LoRA adapter adds to a result that is there already; low-rank-linears.ts makes both at once. Backward (Hu et al. 2021, section 4.1, by the chain rule):
//   dB += s·dy·uᵀ   du = s·Bᵀ·dy   dA += du·xᵀ   dx += Aᵀ·du      with u = A·x
// All of it is products that exist: matmul.ts, matmul-backward.ts and outer-product.ts, on skinny shapes.

import type { Graph, Value } from '../graph.ts';
import type { Weight } from '../weight.ts';
import { matmul } from './matmul.ts';

export interface LowRank {
  /** (R,C) */
  readonly a: Weight;
  /** (O,R) */
  readonly b: Weight;
  /** s = alpha / R */
  readonly scaling: number;
  /** (T) f32: strength of the adapter for each token; 0 leaves the base alone. Generation only, without gradients. */
  readonly strength?: Value | undefined;
}

/** x (C,T), y (O,T) → y + s·B·A·x, in the memory of y. */
export function lowRank(g: Graph, { a, b, scaling, strength }: LowRank, x: Value, y: Value): Value {
  const u = matmul(g, a, x, { strength, label: a.name });
  return matmul(g, b, u, { into: y, scale: scaling, label: b.name });
}
