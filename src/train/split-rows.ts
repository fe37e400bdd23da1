// Which of a dataset's rows a run trains on and which it holds back, by its settings alone: the page asks long before there is a run.

import type { ReadContext } from '../data/read-context.ts';
import { groupsOf, splitting, toItsEnd } from '../data/split-validation.ts';
import type { TokenRow } from '../data/types.ts';
import type { TrainSettings } from './recipe.ts';

type SplitSettings = Pick<TrainSettings, 'validationSplit' | 'seed'>;

export interface RowSplit {
  readonly train: readonly number[];
  readonly validation: readonly number[];
}

/** Of arrays of rows, how they were split last: a table that changes makes another array. */
const known = new WeakMap<readonly TokenRow[], SplitSettings & RowSplit>();

/** Rows of a run: which are trained on and which are held back. Rows that repeat each other stay on one side. */
export function splitRows(rows: readonly TokenRow[], settings: SplitSettings): RowSplit {
  return toItsEnd(sidesOf(rows, settings));
}

/** Lets the event loop run while it splits many rows; `splitRows` then has the answer for these at once. */
export async function findSplit(
  rows: readonly TokenRow[],
  settings: SplitSettings,
  { breathe }: Pick<ReadContext, 'breathe'>,
): Promise<RowSplit> {
  const work = sidesOf(rows, settings);
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
    await breathe();
  }
}

function* sidesOf(
  rows: readonly TokenRow[],
  { validationSplit, seed }: SplitSettings,
): Generator<void, RowSplit, void> {
  const last = known.get(rows);
  if (last?.validationSplit === validationSplit && last.seed === seed) return last;
  const groups = validationSplit > 0 ? yield* groupsOf(rows) : undefined;
  const { train, validation } = yield* splitting(rows.length, validationSplit, seed, groups);
  const split = { validationSplit, seed, train: [...train], validation: [...validation] };
  known.set(rows, split);
  return split;
}
