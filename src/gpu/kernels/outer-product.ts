// gradient[m,n] += scale·Σ_t dy[m,t]·x[n,t]: what a trained factor learns from a batch. Fixed order, no atomics.

import type { Graph, Value } from '../graph.ts';
import { grid1d } from '../grid.ts';

/** dy (M,T), x (N,T); adds to `gradient` (M,N), a slice of the flat gradient buffer. */
export function outerProduct(g: Graph, dy: Value, x: Value, gradient: Value, scale = 1): void {
  const [M, T] = dy.shape as [number, number];
  const [N] = x.shape as [number];
  const WG = 16;
  g.push({
    label: `outer ${gradient.name}`,
    shader: { file: 'outer-product', overrides: { WG } },
    bindings: { dy, x, gradient },
    writes: ['gradient'],
    params: { M, N, T4: T / 4, scale },
    grid: grid1d(Math.ceil(M / 4) * Math.ceil(N / 4), WG),
    flops: 2 * M * N * T,
  });
}
