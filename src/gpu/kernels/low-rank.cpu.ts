// Twin of lowRank and its backward.

import { matmulBackwardCpu, matmulCpu } from './matmul.cpu.ts';
import { outerProductCpu } from './outer-product.cpu.ts';

export interface LowRankSizes {
  readonly O: number;
  readonly C: number;
  readonly R: number;
  readonly T: number;
}

/** y (O,T) + s·B·(A·x ∘ columnScale). */
export function lowRankCpu(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { O, C, R, T }: LowRankSizes,
  scaling: number,
  columnScale?: ArrayLike<number>,
): Float64Array {
  const u = matmulCpu(a, x, { O: R, C, T }).map((v, i) => v * (columnScale?.[i % T] ?? 1));
  return matmulCpu(b, u, { O, C: R, T }, { scale: scaling, addend: y });
}

/** dA (R,C), dB (O,R) and dx (C,T) of the loss Σ y·dy. */
export function lowRankBackwardCpu(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  { O, C, R, T }: LowRankSizes,
  scaling: number,
): { da: Float64Array; db: Float64Array; dx: Float64Array } {
  const u = matmulCpu(a, x, { O: R, C, T });
  const du = matmulBackwardCpu(b, dy, { O, C: R, T }, { scale: scaling });
  return {
    da: outerProductCpu(du, x, { M: R, N: C, T }),
    db: outerProductCpu(dy, u, { M: O, N: R, T }, scaling),
    dx: matmulBackwardCpu(a, du, { O: R, C, T }),
  };
}
