// gradient[m,n] += scale·Σ_t dy[m,t]·x[n,t]: what a trained factor learns from a batch. Fixed order, no atomics.

import type { Graph, Value } from '../graph.ts';
import type { ShaderRef } from '../shader.ts';
import { hasLanes } from './product-variants.ts';

/**
 * dy (M,T), x (N,T) or more rows, of which the first N count; adds to `gradient` (M,N), a slice of the flat gradient
 * buffer. Throws TypeError when the shapes do not fit.
 */
export function outerProduct(g: Graph, dy: Value, x: Value, gradient: Value, scale = 1): void {
  const [M, T] = dy.shape as [number, number];
  const N = gradient.shape[1]!;
  if (x.shape[1] !== T || gradient.shape[0] !== M || N > x.shape[0]!)
    throw new TypeError(
      `Cannot multiply "${gradient.name}": found dy of shape ${dy.shape} and x of shape ${x.shape}, need (M,T) and (N,T) for ${gradient.shape}`,
    );
  // One of the two is a rank, 4 to 128: the shaders lay lanes along the other.
  const isDyLong = M >= N;
  const [P, Q] = isDyLong ? [M, N] : [N, M];
  const [stride_p, stride_q] = isDyLong ? [N, 1] : [1, N];
  const { shader, tile } = outerShader(g, 'outer-one');
  g.push({
    label: `outer ${gradient.name}`,
    shader,
    grid: [Math.ceil(P / tile[0]), Math.ceil(Q / tile[1]), 1],
    bindings: { long: isDyLong ? dy : x, short: isDyLong ? x : dy, gradient },
    writes: ['gradient'],
    params: { P, Q, T4: T / 4, stride_p, stride_q, scale },
    flops: 2 * M * N * T,
  });
}

/** The shader for outer products of these operands, and the results of a workgroup along the longer and the shorter side. */
export function outerShader(
  { traits }: Graph,
  operands: 'outer-one' | 'outer-factors',
): { readonly shader: ShaderRef; readonly tile: readonly [long: number, short: number] } {
  if (!hasLanes(traits)) return { shader: { file: 'outer-product-tiles', parts: { operands } }, tile: [32, 8] };
  const [file, long] = traits.subgroupSize === 8 ? ['outer-product-subgroups', 32] : ['outer-product-quads', 16];
  return { shader: { file, parts: { operands } }, tile: [long, 8] };
}
