// gradient[row] += scale·Σ_t …: what a vector of parameters (bias, magnitude, weight of a norm) learns from a batch.

import type { Graph, Value } from '../graph.ts';

/** What is summed; see row-term-*.wgsl. */
export type RowTerm = 'bias' | 'magnitude' | 'product' | 'rms-norm' | 'layer-norm';

/** `gradient` (rows): a slice of the flat gradient buffer. `terms`: what the term reads, dy (groups·rows,T) among it. */
export function rowSum(
  g: Graph,
  gradient: Value,
  term: RowTerm,
  terms: Readonly<Record<string, Value>>,
  { rows, T, groups = 1, scale = 1 }: { rows: number; T: number; groups?: number; scale?: number },
): void {
  // CPU adapters: one lane a row, no barrier.
  const [LANES, WG] = g.traits.kind === 'cpu' ? [1, 16] : [32, 8];
  g.push({
    label: `sum ${gradient.name}`,
    shader: { file: 'row-sum', parts: { 'row-term': `row-term-${term}` }, overrides: { LANES, WG } },
    bindings: { ...terms, gradient },
    writes: ['gradient'],
    params: { rows, groups, T4: T / 4, scale },
    grid: [Math.ceil(rows / WG), 1, 1],
  });
}
