// How the base takes each row: the mean loss of its answer, and what the row's own prompt does for it. Rows lie side by side as
// in training; nothing is learned.
//
// Beside each row the same answer is scored after another row's prompt. Where the own prompt makes the answer no likelier than
// a stranger's does, the two may not belong together: the pointwise mutual information of prompt and answer, per token,
// PMI = loss(answer | other prompt) - loss(answer | own prompt), is not positive. (Holtzman et al. 2021 rank answers so.)

import { makeBatch, trainedLength } from '../data/make-batch.ts';
import type { TokenRow } from '../data/types.ts';
import type { BaseModel } from '../model/base-model.ts';
import { sizeClass } from './run-shape.ts';
import { Scorer } from './score.ts';

/** Columns of a batch, or the longest row where that is more. */
const COLUMNS = 512;

export interface RowRank {
  /** Which of the rows. */
  readonly row: number;
  /** Mean over its supervised tokens, in nats. */
  readonly loss: number;
  /** Nats a token that the own prompt is worth; undefined for rows without a prompt, and where all prompts are alike. */
  readonly pmi: number | undefined;
}

/** Yields rows as they are scored. Throws the signal's reason when aborted between two batches. */
export async function* rankRows(
  model: BaseModel,
  rows: readonly TokenRow[],
  signal?: AbortSignal,
): AsyncGenerator<RowRank> {
  const pairs = rows.map((row, i) => ({ row, other: exchangePrompt(row, rows, i) }));
  const longest = pairs.reduce((n, { row, other }) => Math.max(n, row.ids.length, other?.ids.length ?? 0), 1);
  const columns = sizeClass(Math.max(longest, Math.min(COLUMNS, totalLength(rows))));
  const scorer = await Scorer.create(model, undefined, columns, longest);
  try {
    const losses = scoreAll(
      scorer,
      pairs.flatMap(({ row, other }) => (other ? [row, other] : [row])),
      columns,
      signal,
    );
    for (const [row, { other }] of pairs.entries()) {
      const { value: loss } = await losses.next();
      const elsewhere = other && (await losses.next()).value;
      yield { row, loss: loss!, pmi: elsewhere === undefined ? undefined : elsewhere - loss! };
    }
  } finally {
    scorer.destroy();
  }
}

/** Mean losses in the order of the rows. */
async function* scoreAll(
  scorer: Scorer,
  rows: readonly TokenRow[],
  columns: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<number, undefined> {
  for (let first = 0; first < rows.length; ) {
    signal?.throwIfAborted();
    let end = first;
    for (let used = 0; end < rows.length; end++) {
      used += trainedLength(rows[end]!);
      if (used > columns) break;
    }
    const indices = Array.from({ length: end - first }, (_, i) => first + i);
    const { losses } = await scorer.score(makeBatch(rows, indices, columns, trainedLength));
    let at = 0;
    for (const index of indices) {
      const count = rows[index]!.mask.reduce((n, bit) => n + bit, 0);
      yield losses.subarray(at, at + count).reduce((sum, loss) => sum + loss, 0) / count;
      at += count;
    }
    first = end;
  }
  return undefined;
}

/** The row's tokens from its first supervised one on, behind what another row has before its own. */
function exchangePrompt(row: TokenRow, rows: readonly TokenRow[], index: number): TokenRow | undefined {
  const from = row.mask.indexOf(1);
  if (from <= 1) return undefined;
  const prompt = row.ids.subarray(0, from);
  // Half the dataset away first: neighbours are often about the same.
  for (let step = 0; step < Math.min(rows.length, 8); step++) {
    const other = rows[(index + (rows.length >> 1) + step) % rows.length]!;
    const otherPrompt = other.ids.subarray(0, other.mask.indexOf(1));
    if (otherPrompt.length <= 1 || isSame(prompt, otherPrompt)) continue;
    const ids = new Int32Array(otherPrompt.length + row.ids.length - from);
    ids.set(otherPrompt);
    ids.set(row.ids.subarray(from), otherPrompt.length);
    const mask = new Uint8Array(ids.length);
    mask.set(row.mask.subarray(from), otherPrompt.length);
    return { ...row, ids, mask };
  }
  return undefined;
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

function totalLength(rows: readonly TokenRow[]): number {
  return rows.reduce((sum, { ids }) => sum + ids.length, 0) * 2;
}
