// The batch of a reference through the model, and how far its logits are from the reference's.

import type { Adapter } from '../../lora/adapter.ts';
import { FlatAdapter } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { Scorer } from '../score.ts';
import { type BaseJson, columnsOf, goldenBatch } from './golden.ts';

/** Logits (V,T) and mean loss of a reference's batch. */
export async function score(model: BaseModel, adapter: Adapter | undefined, base: BaseJson) {
  const flat = adapter && (await FlatAdapter.load(model.device, adapter));
  const batch = goldenBatch(base);
  const scorer = await Scorer.create(model, flat, batch.columns, 24, true);
  try {
    const { losses, logits } = await scorer.score(batch);
    return { logits: logits!, loss: losses.reduce((a, b) => a + b, 0) / losses.length };
  } finally {
    scorer.destroy();
    flat?.destroy();
  }
}

/** Largest difference at real tokens; ours are (V,T), the reference's [row][token][V]. */
export function worstLogit(ours: Float32Array, expected: Float32Array, base: BaseJson, vocab: number): number {
  const columns = ours.length / vocab;
  const length = base.batch.input_ids[0]!.length;
  let worst = 0;
  for (const { row, token, column } of columnsOf(base))
    for (let v = 0; v < vocab; v++) {
      const difference = Math.abs(ours[v * columns + column]! - expected[(row * length + token) * vocab + v]!);
      if (!(difference <= worst)) worst = difference;
    }
  return worst;
}
