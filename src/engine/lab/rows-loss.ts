// The loss of the same rows again and again, under an adapter that changes or at another strength: one program for all.

import { makeBatch } from '../../data/make-batch.ts';
import type { Batch, TokenRow } from '../../data/types.ts';
import type { FlatAdapter } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { sizeClass } from '../../train/run-shape.ts';
import { Scorer } from '../../train/score.ts';
import { withPrompt } from '../../train/soft-prompt.ts';

/** Columns of a pass. */
const COLUMNS = 512;

export class RowsLoss {
  private constructor(
    private readonly scorer: Scorer,
    private readonly batches: readonly Batch[],
    /** At strength 0, where that has other rows. */
    private readonly alone: readonly Batch[],
  ) {}

  /** Throws a RangeError when no token of the rows is supervised. */
  static async create(model: BaseModel, adapter: FlatAdapter, own: readonly TokenRow[]): Promise<RowsLoss> {
    const rows = withPrompt(own, adapter);
    const longest = rows.reduce((most, { ids }) => Math.max(most, ids.length), 1);
    const columns = sizeClass(Math.max(Math.min(COLUMNS, totalLength(rows)), longest));
    const batches = packRows(rows, columns);
    if (batches.every(({ supervised }) => supervised === 0))
      throw new RangeError(
        `Cannot measure a loss: found no supervised token in ${rows.length} rows, need at least one`,
      );
    const alone = rows === own ? batches : packRows(own, columns);
    return new RowsLoss(await Scorer.create(model, adapter, columns, longest), batches, alone);
  }

  /** Mean over the supervised tokens, in nats. */
  async measure(strength = 1, signal?: AbortSignal): Promise<number> {
    let sum = 0;
    let tokens = 0;
    for (const batch of strength === 0 ? this.alone : this.batches) {
      signal?.throwIfAborted();
      const { losses } = await this.scorer.score(batch, strength);
      for (const loss of losses) sum += loss;
      tokens += losses.length;
    }
    return sum / tokens;
  }

  destroy(): void {
    this.scorer.destroy();
  }
}

/** Whole rows side by side in batches of one size. */
function packRows(rows: readonly TokenRow[], columns: number): Batch[] {
  const batches: Batch[] = [];
  for (let first = 0; first < rows.length; ) {
    let last = first;
    for (let used = 0; last < rows.length && used + rows[last]!.ids.length <= columns; last++)
      used += rows[last]!.ids.length;
    batches.push(makeBatch(rows, range(first, last), columns));
    first = last;
  }
  return batches;
}

function totalLength(rows: readonly TokenRow[]): number {
  return rows.reduce((sum, { ids }) => sum + ids.length, 0);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
