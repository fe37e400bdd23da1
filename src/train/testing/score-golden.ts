// The batch of a reference through the model, and how far its logits are from the reference's.

import type { Batch } from '../../data/types.ts';
import type { Adapter } from '../../lora/adapter.ts';
import { FlatAdapter } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { Scorer } from '../score.ts';
import { promptLength } from '../soft-prompt.ts';
import { type BaseJson, columnsOf, goldenBatch } from './golden.ts';

/** Logits (V,T) and mean loss of a reference's batch. */
export async function score(model: BaseModel, adapter: Adapter | undefined, base: BaseJson) {
  const flat = adapter && (await FlatAdapter.load(model.device, adapter));
  const batch = goldenBatch(base, flat);
  const scorer = await Scorer.create(model, flat, batch.columns, 24 + promptLength(flat), true);
  try {
    const { losses, logits } = await scorer.score(batch);
    const own = withoutVirtual(logits!, batch, model.config.vocab);
    return { logits: own, loss: losses.reduce((a, b) => a + b, 0) / losses.length };
  } finally {
    scorer.destroy();
    flat?.destroy();
  }
}

/** Logits (V,T) of the columns that are no virtual tokens. */
function withoutVirtual(logits: Float32Array, { ids, columns }: Batch, vocab: number): Float32Array {
  const kept = [...ids.keys()].filter((column) => ids[column]! < vocab);
  if (kept.length === columns) return logits;
  return Float32Array.from(
    { length: vocab * kept.length },
    (_, i) => logits[Math.floor(i / kept.length) * columns + kept[i % kept.length]!]!,
  );
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
