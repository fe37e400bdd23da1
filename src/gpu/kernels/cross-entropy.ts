// loss[m] = log Σ_v exp(logits[v,m]) − logits[target[m],m], and the gradient of lossScale·Σ_m loss[m] in its place.

import type { Graph, Value } from '../graph.ts';
import type { ColumnChoice } from './gather-columns.ts';

export interface CrossEntropyInputs {
  /** (≥ offset+M) u32: the id asked for at each target. */
  readonly targetIds: Value;
  /** (1) f32: 1 / supervised tokens of the whole accumulated batch. */
  readonly lossScale: Value;
  /** (≥ offset+M) f32 output: entry offset+m gets loss[m], unscaled. */
  readonly losses: Value;
}

/** logits (V,M) → dlogits (V,M) = (softmax − onehot)·lossScale, in place; columns at or beyond `used` become 0. */
export function crossEntropy(
  g: Graph,
  logits: Value,
  { used, offset, onlyIf }: Omit<ColumnChoice, 'columns' | 'count'>,
  { targetIds, lossScale, losses }: CrossEntropyInputs,
): Value {
  const [V, M] = logits.shape as [number, number];
  const dlogits = g.inPlace('dlogits', logits);
  const COLUMNS = 8;
  const SLICES = g.traits.kind === 'gpu' ? 32 : 1;
  g.push({
    label: 'cross entropy',
    shader: { file: 'cross-entropy', constants: { SLICES } },
    bindings: { target_ids: targetIds, loss_scale: lossScale, losses, used, logits: dlogits },
    writes: ['logits', 'losses'],
    params: { V, M, offset },
    grid: [Math.ceil(M / COLUMNS), 1, 1],
    ...(onlyIf && { onlyIf }),
  });
  return dlogits;
}
