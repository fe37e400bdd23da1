// One row that has been given its meaning, and what becomes of it at a length. Kept with the row, so that what has not changed is
// not fitted again.
import { DatasetRowError } from './dataset-error.ts';
import { type FitOptions, fitRows, type WholeRow } from './fit-rows.ts';
import { RowNotes } from './row-notes.ts';
import { countSupervised } from './token-row-builder.ts';
import type { TokenRow } from './types.ts';

/** Its tokens, or why it has none. */
export interface Entry {
  readonly whole: readonly WholeRow[];
  readonly notes: RowNotes;
  readonly hash: number;
  /** As it was fitted last. */
  fit?: Fit;
}

/** One row at one length. */
export interface Fit extends FitOptions {
  /** Empty when `notes` say why. */
  readonly rows: readonly TokenRow[];
  readonly notes: RowNotes;
  readonly hash: number;
  readonly tokens: number;
  readonly supervisedTokens: number;
  readonly longestRow: number;
}

/** Most rows have nothing to be said about them. */
const NO_NOTES = new RowNotes();

export function fitEntry(entry: Entry, { maxTokens, longRows }: FitOptions): Fit {
  const known = entry.fit;
  if (known?.maxTokens === maxTokens && known.longRows === longRows) return known;
  const notes = new RowNotes();
  const rows = tryFit(entry, { maxTokens, longRows }, notes);
  const lengths = rows.map(({ ids }) => ids.length);
  entry.fit = {
    ...{ maxTokens, longRows, rows, hash: entry.hash },
    notes: notes.isEmpty ? NO_NOTES : notes,
    tokens: lengths.reduce((a, b) => a + b, 0),
    supervisedTokens: rows.reduce((sum, row) => sum + countSupervised(row), 0),
    longestRow: Math.max(0, ...lengths),
  };
  return entry.fit;
}

function tryFit({ whole, notes: known }: Entry, options: FitOptions, notes: RowNotes): readonly TokenRow[] {
  for (const { line, reason, kind } of known.warnings) notes.warn('', line, reason, kind);
  try {
    if (known.skipped !== undefined) throw new DatasetRowError(known.skipped);
    const rows = fitRows(whole, options, (reason, kind) => notes.warn('', 0, reason, kind));
    // Most rows are used as they are: one list for both.
    return rows.length === whole.length && rows.every((row, i) => row === whole[i]) ? whole : rows;
  } catch (error) {
    if (!(error instanceof DatasetRowError)) throw error;
    notes.skip('', 0, error.message);
    return [];
  }
}
