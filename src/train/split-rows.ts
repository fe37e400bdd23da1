// Which of a dataset's rows a run trains on and which it holds back, by its settings alone: the page asks long before there is a run.

import { groupRepeats, splitValidation } from '../data/split-validation.ts';
import type { TokenRow } from '../data/types.ts';
import type { TrainSettings } from './recipe.ts';

/** Rows of a run: which are trained on and which are held back. Rows that repeat each other stay on one side. */
export function splitRows(
  rows: readonly TokenRow[],
  settings: Pick<TrainSettings, 'validationSplit' | 'seed'>,
): { readonly train: readonly number[]; readonly validation: readonly number[] } {
  const { train, validation } = splitValidation(
    rows.length,
    settings.validationSplit,
    settings.seed,
    settings.validationSplit > 0 ? groupRepeats(rows) : undefined,
  );
  return { train: [...train], validation: [...validation] };
}
