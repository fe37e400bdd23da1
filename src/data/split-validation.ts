// Which rows are held back to measure what was learned: chosen by seed, the same on every machine. Rows that repeat each
// other go to the same side, or the measure would reward knowing them by heart.
import { hashNumbers } from './hash-text.ts';
import { createRandom, shuffling } from './random.ts';
import type { ReadContext } from './read-context.ts';
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
  return toItsEnd(splitting(rowCount, share, seed, groups));
}

/** What a generator returns that others need not have their turn at. */
export function toItsEnd<T>(work: Generator<void, T, void>): T {
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
  }
}

/** Rows between two moments at which others may have their turn: a few milliseconds' work. */
const ROWS = 16384;

/** As `splitValidation`, with a yield now and then. */
export function* splitting(
  rowCount: number,
  share: number,
  seed: number,
  groups?: ArrayLike<number>,
): Generator<void, ValidationSplit, void> {
  const wanted = share <= 0 ? 0 : Math.max(1, Math.round(rowCount * share));
  const { groupOf, sizes } = yield* numberGroups(rowCount, groups);
  const order = Uint32Array.from(sizes.keys());
  yield* shuffling(order, createRandom(seed, SPLIT_STREAM));
  const isHeld = new Uint8Array(sizes.length);
  let held = 0;
  for (const group of order) {
    const size = sizes[group]!;
    if (held >= wanted) break;
    // A group that would overshoot by more than it helps, or leave nothing to train on, stays.
    if (held + size >= rowCount || held + size - wanted > wanted - held) continue;
    isHeld[group] = 1;
    held += size;
  }
  const sides = { train: new Uint32Array(rowCount - held), validation: new Uint32Array(held) };
  let trained = 0;
  for (let row = 0; row < rowCount; row++) {
    if (isHeld[groupOf[row]!] === 1) sides.validation[row - trained] = row;
    else sides.train[trained++] = row;
    if (row % ROWS === ROWS - 1) yield;
  }
  return sides;
}

/** Groups by their numbers, in the order of their first rows. */
function* numberGroups(rowCount: number, groups: ArrayLike<number> | undefined) {
  const numberOf = new Map<number, number>();
  const groupOf = new Uint32Array(rowCount);
  const sizes: number[] = [];
  for (let row = 0; row < rowCount; row++) {
    const group = groups?.[row] ?? row;
    let number = numberOf.get(group);
    if (number === undefined) {
      number = sizes.push(0) - 1;
      numberOf.set(group, number);
    }
    groupOf[row] = number;
    sizes[number]! += 1;
    if (row % ROWS === ROWS - 1) yield;
  }
  return { groupOf, sizes };
}

/** Of rows that were hashed before: most rows stay what they are from one split to the next. */
const knownHashes = new WeakMap<TokenRow, number>();

/** Of arrays of rows that were gone through before: a table that changes makes another one. */
const knownGroups = new WeakMap<readonly TokenRow[], Uint32Array>();

/** For each row the first row that has the same ids and mask. */
export function groupRepeats(rows: readonly TokenRow[]): Uint32Array {
  return toItsEnd(groupsOf(rows));
}

/** Lets the event loop run while it goes through many rows; `groupRepeats` then has the answer for these at once. */
export async function findRepeats(rows: readonly TokenRow[], { breathe }: Pick<ReadContext, 'breathe'>): Promise<void> {
  const grouping = groupsOf(rows);
  while (!grouping.next().done) await breathe();
}

/** As `groupRepeats`, with a yield between rows. */
export function* groupsOf(rows: readonly TokenRow[]): Generator<void, Uint32Array, void> {
  const known = knownGroups.get(rows);
  if (known !== undefined) return known;
  const first = new Map<number, number>();
  const groups = new Uint32Array(rows.length);
  for (const [index, row] of rows.entries()) {
    const hash = knownHashes.get(row) ?? hashNumbers(row.ids, row.mask);
    knownHashes.set(row, hash);
    const before = first.get(hash);
    if (before === undefined) first.set(hash, index);
    groups[index] = before ?? index;
    yield;
  }
  knownGroups.set(rows, groups);
  return groups;
}
