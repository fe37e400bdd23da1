// Token rows → one step's input: whole rows side by side, each a document of its own that sees nothing of its neighbours.
//
//   ids           7 8 9 | 4 5 | 0 0      rows 7 8 9 and 4 5, then padding
//   positions     0 1 2   0 1   0 0
//   segmentStart  0 0 0   3 3   5 6
//   segmentEnd    3 3 3   5 5   6 7
//   mask          0 1 1   0 1            column t is judged on the id of column t+1:
//   targets       columns 0 1 | 3  →  ids 8 9 | 5
import type { Batch, TokenRow } from './types.ts';

/** T is a multiple of this: matmul tiles are 16 rows high, or a divisor or multiple of it. */
const COLUMN_STEP = 16;

/** T for one batch of rows of these lengths. */
export function batchColumns(lengths: Iterable<number>): number {
  let sum = 0;
  for (const length of lengths) sum += length;
  return Math.max(COLUMN_STEP, Math.ceil(sum / COLUMN_STEP) * COLUMN_STEP);
}

/** T that holds any `batchSize` of these rows, in whatever order they come: the capacity of a run. */
export function worstColumns(lengths: ArrayLike<number>, batchSize: number): number {
  return batchColumns(Float64Array.from(lengths).sort().reverse().subarray(0, batchSize));
}

/** Columns of a row that a loss depends on: up to the one that is asked for its last supervised token. */
export function trainedLength(row: TokenRow): number {
  let last = row.ids.length - 1;
  while (last > 0 && row.mask[last] !== 1) last -= 1;
  return Math.max(1, last);
}

/**
 * Lays the rows at `indices` side by side in `columns` (T) columns. `lengthOf` says how many columns a row takes: all of
 * its tokens, or `trainedLength` where only the loss is wanted. Throws RangeError when they do not fit.
 */
export function makeBatch(
  rows: readonly TokenRow[],
  indices: readonly number[],
  columns: number,
  lengthOf: (row: TokenRow) => number = (row) => row.ids.length,
): Batch {
  const picked = indices.map((index) => {
    const row = rows[index];
    if (row === undefined)
      throw new RangeError(`Cannot make a batch with row ${index}: the dataset has ${rows.length}`);
    return row;
  });
  const tokens = picked.reduce((sum, row) => sum + lengthOf(row), 0);
  if (tokens > columns) throw new RangeError(`Cannot make a batch of ${tokens} tokens: it has ${columns} columns`);

  const ids = new Uint32Array(columns);
  const positions = new Uint32Array(columns);
  const segmentStart = new Uint32Array(columns);
  const segmentEnd = new Uint32Array(columns);
  const targetColumns = new Uint32Array(columns);
  const targetIds = new Uint32Array(columns);
  let supervised = 0;
  let start = 0;
  for (const row of picked) {
    const length = lengthOf(row);
    const end = start + length;
    ids.set(row.ids.subarray(0, length), start);
    segmentStart.fill(start, start, end);
    segmentEnd.fill(end, start, end);
    for (let i = 0; i < length; i++) {
      positions[start + i] = i;
      if (row.mask[i + 1] !== 1) continue;
      targetColumns[supervised] = start + i;
      targetIds[supervised] = row.ids[i + 1]!;
      supervised += 1;
    }
    start = end;
  }
  // Each padding column attends to itself only: no empty softmax, and nothing looks at it.
  for (let column = start; column < columns; column++) {
    segmentStart[column] = column;
    segmentEnd[column] = column + 1;
  }
  return {
    columns,
    ids,
    positions,
    segmentStart,
    segmentEnd,
    targetColumns,
    targetIds,
    supervised,
    tokens,
    rows: [...indices],
  };
}
