// Whole rows → rows of at most `maxTokens`: cut, split or left out. Cheap, so that another length needs no new tokens.
//
// A long text becomes several rows; each begins with the last token of the one before, as context:
//   document   a b c d e f g <eos>      rows of 4   a b c d | d e f g | g <eos>
//   supervised   b c d e f g <eos>                  0 1 1 1   0 1 1 1   0   1
import { DatasetRowError } from './dataset-error.ts';
import { CUT } from './notice-book.ts';
import { countSupervised } from './token-row-builder.ts';
import type { TokenRow } from './types.ts';

/** All of an example's tokens, before any limit on the length of a row. */
export interface WholeRow extends TokenRow {
  /** Text may be split; an answer without its prompt is no row. */
  readonly isText: boolean;
  /** False: encoding stopped when the row was longer than anyone would train on. */
  readonly isComplete: boolean;
}

export interface FitOptions {
  /** Longest row in tokens, at least 2. */
  readonly maxTokens: number;
  /** Longer rows: cut at the end, split into several (text; others are cut), or left out. */
  readonly longRows: 'truncate' | 'split' | 'drop';
}

/**
 * The rows of one example. Throws DatasetRowError when none can be used; `note` is told what is cut, and how many of the
 * example's rows are left out when some are.
 */
export function fitRows(
  whole: readonly WholeRow[],
  options: FitOptions,
  note: (reason: string, kind?: string) => void,
): TokenRow[] {
  if (options.maxTokens < 2) throw new RangeError(`Cannot make rows of ${options.maxTokens} tokens: need at least 2`);
  const rows: TokenRow[] = [];
  let left = 0;
  let refusal: DatasetRowError | undefined;
  for (const row of whole) {
    try {
      rows.push(...(row.isText ? fitText(row, options, note) : [fitAnswer(row, options, note)]));
    } catch (error) {
      if (!(error instanceof DatasetRowError)) throw error;
      refusal = error;
      left += 1;
    }
  }
  if (rows.length === 0) throw refusal ?? new DatasetRowError('no assistant turn to learn from');
  if (refusal !== undefined) note(`${left} of ${whole.length} answers are left out: ${refusal.message}`, CUT);
  return rows;
}

function fitAnswer(
  whole: WholeRow,
  { maxTokens, longRows }: FitOptions,
  note: (reason: string, kind?: string) => void,
): TokenRow {
  const isCut = whole.ids.length > maxTokens;
  const tokens = `${whole.isComplete ? '' : 'more than '}${whole.ids.length} tokens`;
  if (isCut && longRows === 'drop') throw new DatasetRowError(`has ${tokens}, the limit is ${maxTokens}`);
  const row = isCut ? slice(whole, 0, maxTokens) : whole;
  if (countSupervised(row) === 0)
    throw new DatasetRowError(
      isCut ? `has ${tokens}: nothing of the answer fits into the first ${maxTokens}` : 'no token to learn',
    );
  if (isCut) note(`has ${tokens} and is cut to ${maxTokens}`, CUT);
  return row;
}

function fitText(
  whole: WholeRow,
  { maxTokens, longRows }: FitOptions,
  note: (reason: string, kind?: string) => void,
): TokenRow[] {
  const { length } = whole.ids;
  if (length < 2) throw new DatasetRowError('no token to learn');
  if (length <= maxTokens) return [whole];
  if (longRows === 'drop') throw new DatasetRowError(`has more than ${maxTokens} tokens, which is the limit`);
  if (longRows === 'truncate') {
    note(`has more than ${maxTokens} tokens and is cut there`, CUT);
    return [slice(whole, 0, maxTokens)];
  }
  const rows: TokenRow[] = [];
  for (let start = 0; start < length - 1; start += maxTokens - 1)
    rows.push(slice(whole, start, Math.min(start + maxTokens, length)));
  return rows;
}

/** A view of the ids; the mask is copied, because a row's first token has nothing before it to be learned from. */
function slice(whole: WholeRow, start: number, end: number): TokenRow {
  const mask = whole.mask.slice(start, end);
  mask[0] = 0;
  return { file: whole.file, line: whole.line, ids: whole.ids.subarray(start, end), mask };
}
