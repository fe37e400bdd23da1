// Entries → the rows that are trained on at the chosen length, with the notices of all of them: what the table, the counts and
// the trainer agree on. A row that has not changed keeps what it was fitted to, so that an edit among 200,000 rows fits one.
import { DatasetRowError } from './dataset-error.ts';
import type { FileRows } from './file-rows.ts';
import { type FitOptions, fitRows, type WholeRow } from './fit-rows.ts';
import { NoticeBook } from './notice-book.ts';
import { RowNotes } from './row-notes.ts';
import type { RowStore } from './row-store.ts';
import { countSupervised } from './token-row-builder.ts';
import type { Notice, TokenRow } from './types.ts';

/** Rows of the table as the model will see them. */
export interface FittedRows {
  readonly rows: readonly TokenRow[];
  /** Row of the store that each token row comes from. */
  readonly origin: readonly number[];
  /** Row of the store → its first token row; -1: none. */
  readonly firstRow: Int32Array;
  readonly usable: number;
  readonly skipped: readonly Notice[];
  readonly warnings: readonly Notice[];
  readonly tokens: number;
  readonly supervisedTokens: number;
  readonly longestRow: number;
  /** Rows that building has not come to. */
  readonly pending: number;
}

/** A row that has been given its meaning: its tokens, or why it has none. */
export interface Entry {
  readonly whole: readonly WholeRow[];
  readonly notes: RowNotes;
  readonly hash: number;
  /** As it was fitted last. */
  fit?: Fit;
}

/** One row at one length. */
interface Fit extends FitOptions {
  /** Empty when `notes` say why. */
  readonly rows: readonly TokenRow[];
  readonly notes: RowNotes;
  readonly tokens: number;
  readonly supervisedTokens: number;
  readonly longestRow: number;
}

export function fitDataset(
  store: RowStore,
  files: readonly FileRows[],
  entries: readonly (Entry | undefined)[],
  options: FitOptions,
  readNotices: NoticeBook,
): FittedRows {
  const rows: TokenRow[] = [];
  const origin: number[] = [];
  const firstRow = new Int32Array(store.length).fill(-1);
  const book = new NoticeBook();
  const counts = { tokens: 0, supervisedTokens: 0, longestRow: 0 };
  let usable = 0;
  let pending = 0;
  for (const file of files) {
    if (file.mappingWarning !== undefined) book.warn(file.name, 0, file.mappingWarning);
    if (file.problem !== undefined && files.length > 1)
      book.skip(file.name, 0, `the file is left out: ${file.problem.message}`);
    const repeats = { seen: new Set<number>(), usable: 0 };
    for (let index = file.first; index < file.end; index++) {
      if (store.isDeleted(index) || file.problem !== undefined) continue;
      const entry = entries[index];
      if (entry === undefined) {
        pending += 1;
        continue;
      }
      const fit = fitEntry(entry, options);
      tell(fit.notes, file.name, store.lineOf(index), book);
      if (fit.rows.length === 0) continue;
      firstRow[index] = rows.length;
      for (const row of fit.rows) {
        rows.push(row);
        origin.push(index);
      }
      counts.tokens += fit.tokens;
      counts.supervisedTokens += fit.supervisedTokens;
      counts.longestRow = Math.max(counts.longestRow, fit.longestRow);
      repeats.usable += 1;
      repeats.seen.add(entry.hash);
    }
    usable += repeats.usable;
    const repeated = repeats.usable - repeats.seen.size;
    if (repeated > 0) book.warn(file.name, 0, `${repeated} of ${repeats.usable} rows repeat an earlier row`);
  }
  return { rows, origin, firstRow, usable, pending, ...counts, ...joinNotices(files, readNotices, book) };
}

/** The token rows of one row, or why it has none. */
export function fitEntry(entry: Entry, { maxTokens, longRows }: FitOptions): Fit {
  const known = entry.fit;
  if (known?.maxTokens === maxTokens && known.longRows === longRows) return known;
  const notes = new RowNotes();
  const rows = tryFit(entry, { maxTokens, longRows }, notes);
  const lengths = rows.map(({ ids }) => ids.length);
  entry.fit = {
    ...{ maxTokens, longRows, rows, notes },
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

function tell(notes: RowNotes, file: string, line: number, book: NoticeBook): void {
  for (const warning of notes.warnings) book.warn(file, warning.line || line, warning.reason, warning.kind);
  if (notes.skipped !== undefined) book.skip(file, line, notes.skipped);
}

/** Skipped in the order of the files, whether reading or building found them. */
function joinNotices(files: readonly FileRows[], read: NoticeBook, built: NoticeBook) {
  const order = new Map(files.map((file, i) => [file.name, i]));
  const place = ({ file }: Notice) => order.get(file) ?? order.size;
  const skipped = [...read.skipped, ...built.skipped];
  skipped.sort((a, b) => place(a) - place(b) || a.line - b.line);
  return { skipped, warnings: [...read.warnings, ...built.warnings] };
}
