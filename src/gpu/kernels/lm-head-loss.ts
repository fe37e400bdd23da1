// The head and the loss in one, chunk by chunk of supervised positions: gather hidden states, logits, cross-entropy in
// place, gradient of the hidden states, scatter. Never more than V × chunk logits in memory, and positions that are not
// supervised cost nothing.

import { backpropagate } from '../backward.ts';
import type { Graph, Value } from '../graph.ts';
import { crossEntropy } from './cross-entropy.ts';
import { type ColumnChoice, gatherColumns, scatterColumns } from './gather-columns.ts';
import { zero } from './zero.ts';

/** Logits in memory at a time, at most. */
const LOGIT_BYTES = 32 << 20;
/** Fewer columns than this leave the head's product inefficient. */
const MIN_CHUNK = 16;

/** Supervised positions per chunk for a vocabulary V and T columns: a multiple of 4. */
export function lossChunk(V: number, T: number): number {
  const fits = Math.floor(LOGIT_BYTES / (4 * V) / MIN_CHUNK) * MIN_CHUNK;
  return Math.min(Math.ceil(T / 4) * 4, Math.max(MIN_CHUNK, fits));
}

export interface LossInputs {
  /** (C,T) after the final norm. */
  readonly hidden: Value;
  /** x (C,M), the columns `at` of the hidden states → logits (V,M), differentiable. */
  readonly head: (x: Value, at: ColumnChoice) => Value;
  /** (T) u32 inputs: columns whose logits are judged, and the ids asked for there. */
  readonly targetColumns: Value;
  readonly targetIds: Value;
  /** (1) u32 input: how many of them count. The host gives the same number as the count "supervised". */
  readonly supervised: Value;
  /** (1) f32 input: 1 / supervised tokens of the whole accumulated batch. */
  readonly lossScale: Value;
  readonly chunk: number;
  /** False: losses only. */
  readonly backward: boolean;
}

/** `losses` (T): loss of each target, unscaled. `dHidden` (C,T): gradient of lossScale·Σ losses. */
export function lmHeadLoss(
  g: Graph,
  { hidden, head, targetColumns, targetIds, supervised, lossScale, chunk, backward }: LossInputs,
): { losses: Value; dHidden: Value | undefined } {
  const T = hidden.shape[1]!;
  const losses = g.output('losses', [T]);
  let dHidden = backward ? g.activation('d hidden', hidden.shape) : undefined;
  if (dHidden) zero(g, dHidden);
  for (let offset = 0; offset < T; offset += chunk) {
    const count = Math.min(chunk, T - offset);
    const onlyIf = { count: 'supervised', above: offset };
    const choice = { columns: targetColumns, used: supervised, offset, count, onlyIf };
    g.onlyIf = onlyIf;
    const h = gatherColumns(g, hidden, choice);
    if (backward) g.requireGradient(h);
    const first = g.ops.length;
    const logits = head(h, choice);
    const dlogits = crossEntropy(g, logits, choice, { targetIds, lossScale, losses });
    if (dHidden !== undefined) {
      const dh = backpropagate(g, first, new Map([[logits, dlogits]]), h);
      dHidden = scatterColumns(g, dh, dHidden, choice);
    }
    g.onlyIf = undefined;
  }
  return { losses, dHidden };
}
