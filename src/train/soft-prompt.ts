// Rows as a pass with a soft prompt wants them: its virtual tokens before each row's own. None of them is learned; the last one
// is what the row's first token is predicted from.

import type { Batch, TokenRow } from '../data/types.ts';
import type { AdapterShape } from '../lora/adapter-tensors.ts';
import { virtualIds } from '../lora/methods/prompt-tuning.ts';

/** What an adapter on the device, or in memory, says of its prompt. */
export interface Prompted {
  readonly shape: AdapterShape;
}

/** Columns that each row is longer by. Throws a RangeError for a strength that a prompt can not have. */
export function promptLength(adapter: Prompted | undefined, strength = 1): number {
  const prompt = adapter?.shape.prompt;
  if (prompt === undefined || strength === 0) return 0;
  if (strength === 1) return prompt.count;
  throw new RangeError(
    `Cannot use the adapter at strength ${strength}: found a soft prompt, which is there or not; need 0 or 1`,
  );
}

/** The rows themselves for adapters without a prompt, and at strength 0. */
export function withPrompt(
  rows: readonly TokenRow[],
  adapter: Prompted | undefined,
  strength = 1,
): readonly TokenRow[] {
  const count = promptLength(adapter, strength);
  if (count === 0) return rows;
  const virtual = virtualIds(adapter!.shape.prompt!);
  return rows.map((row) => {
    const ids = new Int32Array(count + row.ids.length);
    ids.set(virtual);
    ids.set(row.ids, count);
    const mask = new Uint8Array(ids.length);
    mask.set(row.mask, count);
    return { ...row, ids, mask };
  });
}

/**
 * Positions and documents of a batch of such rows as the base alone reads it: every virtual token is a document of its own that
 * nothing sees, and the rows begin at position 0 behind them.
 */
export function withoutPrompt(
  batch: Batch,
  { shape: { prompt } }: Prompted,
): Pick<Batch, 'positions' | 'segmentStart' | 'segmentEnd'> {
  if (prompt === undefined) return batch;
  const { count, firstId } = prompt;
  const [positions, segmentStart, segmentEnd] = [
    batch.positions.slice(),
    batch.segmentStart.slice(),
    batch.segmentEnd.slice(),
  ];
  for (const [column, id] of batch.ids.entries()) {
    const isVirtual = id >= firstId;
    const isPadding = segmentEnd[column] === segmentStart[column]! + 1 && segmentStart[column] === column;
    if (isVirtual) {
      positions[column] = 0;
      segmentStart[column] = column;
      segmentEnd[column] = column + 1;
    } else if (!isPadding) {
      positions[column]! -= count;
      segmentStart[column]! += count;
    }
  }
  return { positions, segmentStart, segmentEnd };
}
