// Entries → the rows that are trained on at the chosen length, with the notices of all of them: what the table, the counts and
// the trainer agree on.
import { type DatasetError, DatasetRowError } from './dataset-error.ts';
import { type FitOptions, fitRows, type WholeRow } from './fit-rows.ts';
import { NoticeBook } from './notice-book.ts';
import type { RowNotes } from './row-notes.ts';
import type { RowStore } from './row-store.ts';
import { countSupervised } from './token-row-builder.ts';
import type { FileFormat, Mapping, Notice, Row, TokenRow } from './types.ts';

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

export interface FileRows {
  readonly name: string;
  readonly format: FileFormat;
  readonly first: number;
  end: number;
  readonly columns: Set<string>;
  /** Set by building. */
  mapping: Mapping | undefined;
  mappingWarning: string | undefined;
  problem: DatasetError | undefined;
}

/** A row that has been given its meaning: its tokens, or why it has none. */
export interface Entry {
  readonly whole: readonly WholeRow[];
  readonly notes: RowNotes;
  readonly hash: number;
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
      const made = fitEntry(entry, { file: file.name, line: store.lineOf(index) }, options, book);
      if (made.length === 0) continue;
      firstRow[index] = rows.length;
      for (const row of made) {
        rows.push(row);
        origin.push(index);
      }
      repeats.usable += 1;
      repeats.seen.add(entry.hash);
    }
    usable += repeats.usable;
    const repeated = repeats.usable - repeats.seen.size;
    if (repeated > 0) book.warn(file.name, 0, `${repeated} of ${repeats.usable} rows repeat an earlier row`);
  }
  const notices = joinNotices(files, readNotices, book);
  return { rows, origin, firstRow, usable, pending, ...countTokens(rows), ...notices };
}

/** The token rows of one row; none when `book` is told why. */
export function fitEntry(
  { whole, notes }: Entry,
  { file, line }: Pick<Row, 'file' | 'line'>,
  options: FitOptions,
  book: NoticeBook,
): TokenRow[] {
  for (const warning of notes.warnings) book.warn(file, warning.line, warning.reason, warning.kind);
  try {
    if (notes.skipped !== undefined) throw new DatasetRowError(notes.skipped);
    return fitRows(whole, options, (reason, kind) => book.warn(file, line, reason, kind));
  } catch (error) {
    if (!(error instanceof DatasetRowError)) throw error;
    book.skip(file, line, error.message);
    return [];
  }
}

function countTokens(rows: readonly TokenRow[]) {
  let tokens = 0;
  let supervisedTokens = 0;
  let longestRow = 0;
  for (const row of rows) {
    tokens += row.ids.length;
    supervisedTokens += countSupervised(row);
    longestRow = Math.max(longestRow, row.ids.length);
  }
  return { tokens, supervisedTokens, longestRow };
}

/** Skipped in the order of the files, whether reading or building found them. */
function joinNotices(files: readonly FileRows[], read: NoticeBook, built: NoticeBook) {
  const order = new Map(files.map((file, i) => [file.name, i]));
  const place = ({ file }: Notice) => order.get(file) ?? order.size;
  const skipped = [...read.skipped, ...built.skipped];
  skipped.sort((a, b) => place(a) - place(b) || a.line - b.line);
  return { skipped, warnings: [...read.warnings, ...built.warnings] };
}

export function isProseFormat(format: FileFormat): boolean {
  return format === 'text' || format === 'markdown';
}
