// Which rows are held back to measure what was learned: chosen by seed, the same on every machine. Rows that repeat each
// other go to the same side, or the measure would reward knowing them by heart.
import { hashNumbers } from './hash-text.ts';
import { createRandom, shuffle } from './random.ts';
import type { TokenRow } from './types.ts';

export interface ValidationSplit {
  /** Row indices, ascending. */
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/** Tells this use of a seed apart from the order of the rows. */
const SPLIT_STREAM = 2;

/**
 * Holds back about `share` (0 … 1) of the rows: none when 0, else at least one and never all. `groups` (one entry a row,
 * from `groupRepeats`) keeps rows of one group together; when all rows are one group, nothing is held back.
 */
export function splitValidation(
  rowCount: number,
  share: number,
  seed: number,
  groups?: ArrayLike<number>,
): ValidationSplit {
  const wanted = share <= 0 ? 0 : Math.max(1, Math.round(rowCount * share));
  const members = new Map<number, number[]>();
  for (let row = 0; row < rowCount; row++) {
    const group = groups?.[row] ?? row;
    const list = members.get(group);
    if (list) list.push(row);
    else members.set(group, [row]);
  }
  const lists = [...members.values()];
  const order = shuffle(Uint32Array.from(lists.keys()), createRandom(seed, SPLIT_STREAM));
  const isHeld = new Uint8Array(rowCount);
  let held = 0;
  for (const index of order) {
    const list = lists[index]!;
    if (held >= wanted) break;
    // A group that would overshoot by more than it helps, or leave nothing to train on, stays.
    if (held + list.length >= rowCount || held + list.length - wanted > wanted - held) continue;
    for (const row of list) isHeld[row] = 1;
    held += list.length;
  }
  const rows = Uint32Array.from({ length: rowCount }, (_, row) => row);
  return { train: rows.filter((row) => isHeld[row] === 0), validation: rows.filter((row) => isHeld[row] === 1) };
}

/** For each row the first row that has the same ids and mask. */
export function groupRepeats(rows: readonly TokenRow[]): Uint32Array {
  const first = new Map<number, number>();
  return Uint32Array.from(rows, ({ ids, mask }, row) => {
    const hash = hashNumbers(ids, mask);
    if (!first.has(hash)) first.set(hash, row);
    return first.get(hash)!;
  });
}
