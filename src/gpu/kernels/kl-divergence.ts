// divergence[m] = KL(softmax x[·,m] ‖ softmax y[·,m]) in nats: how far y's predictions are from x's.

import type { Graph, Value } from '../graph.ts';
import type { ColumnChoice } from './gather-columns.ts';

/** x, y (V,M); entry offset+m of `divergences` (≥ offset+M) is written for columns below `used`. */
export function klDivergence(
  g: Graph,
  x: Value,
  y: Value,
  { used, offset, onlyIf }: Omit<ColumnChoice, 'columns' | 'count'>,
  divergences: Value,
): void {
  const [V, M] = x.shape as [number, number];
  const COLUMNS = 8;
  const SLICES = g.traits.kind === 'gpu' ? 32 : 1;
  g.push({
    label: 'kl divergence',
    shader: { file: 'kl-divergence', constants: { SLICES } },
    bindings: { x, y, used, divergences },
    writes: ['divergences'],
    params: { V, M, offset },
    grid: [Math.ceil(M / COLUMNS), 1, 1],
    ...(onlyIf && { onlyIf }),
  });
}
