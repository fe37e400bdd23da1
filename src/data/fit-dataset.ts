// Entries → the rows that are trained on at the chosen length, with all their notices: the one source for the table, the counts
// and the trainer. Updates are incremental: an edit among 200,000 rows only takes the old row out of the sums and puts the new
// one in. Fitting them all is a second's work, and so a generator: whoever fits decides when others have their turn.
import type { FileRows } from './file-rows.ts';
import { type Entry, type Fit, fitEntry } from './fit-entry.ts';
import type { FitOptions } from './fit-rows.ts';
import { NoticeBook } from './notice-book.ts';
import type { RowStore } from './row-store.ts';
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
  /** Rows that have not been built yet. */
  readonly pending: number;
}

/** Beyond this many changed rows, refitting everything is as fast. */
const MOST_CHANGES = 500;

/** Undefined: deleted, or of a file that cannot be read. */
type Standing = Fit | 'pending' | undefined;

/** Of one file: how often each row's content is used. */
interface Uses {
  readonly times: Map<number, number>;
  rows: number;
}

/** Everything as it was fitted last. */
interface Fitting {
  readonly standing: Standing[];
  rows: TokenRow[];
  origin: number[];
  firstRow: Int32Array<ArrayBuffer>;
  readonly uses: Map<FileRows, Uses>;
  readonly sums: { tokens: number; supervisedTokens: number; pending: number };
  longestRow: number;
}

const nothingFitted = (length: number): Fitting => ({
  standing: new Array(length).fill(undefined),
  rows: [],
  origin: [],
  firstRow: new Int32Array(length).fill(-1),
  uses: new Map(),
  sums: { tokens: 0, supervisedTokens: 0, pending: 0 },
  longestRow: 0,
});

export class DatasetFitter {
  #last = nothingFitted(0);
  /** What the last fitting was for. */
  #key = '';
  #meanings: readonly unknown[] = [];

  constructor(
    private readonly store: RowStore,
    private readonly files: readonly FileRows[],
    private readonly readNotices: NoticeBook,
  ) {}

  /**
   * Yields between rows; one that is not taken to its end changes nothing that the next one would not do again.
   * @param changed rows of the store whose entries differ from last time; undefined: possibly any.
   */
  *fit(
    entries: readonly (Entry | undefined)[],
    { maxTokens, longRows }: FitOptions,
    changed: ReadonlySet<number> | undefined,
  ): Generator<void, FittedRows, void> {
    const options = { maxTokens, longRows };
    const key = JSON.stringify(options);
    const meanings = this.files.flatMap(({ mapping, mappingWarning, problem }) => [mapping, mappingWarning, problem]);
    const isKnown = key === this.#key && meanings.every((meaning, i) => meaning === this.#meanings[i]);
    if (changed === undefined || changed.size > MOST_CHANGES || !isKnown)
      this.#last = yield* this.#fitAll(entries, options);
    else this.#fitSome(entries, options, changed);
    this.#key = key;
    this.#meanings = meanings;
    const { rows, origin, firstRow, uses, sums, longestRow } = this.#last;
    return {
      ...{ rows, origin, firstRow, longestRow },
      usable: [...uses.values()].reduce((sum, { rows }) => sum + rows, 0),
      ...sums,
      ...(yield* this.#notices(this.#last)),
    };
  }

  *#fitAll(entries: readonly (Entry | undefined)[], options: FitOptions): Generator<void, Fitting, void> {
    const all = nothingFitted(this.store.length);
    for (const file of this.files) {
      for (let index = file.first; index < file.end; index++) {
        yield;
        const standing = this.#standingOf(index, file, entries, options);
        all.standing[index] = standing;
        count(all, standing, file, 1);
        if (typeof standing !== 'object' || standing.rows.length === 0) continue;
        all.firstRow[index] = all.rows.length;
        for (const row of standing.rows) {
          all.rows.push(row);
          all.origin.push(index);
        }
      }
    }
    return all;
  }

  #fitSome(entries: readonly (Entry | undefined)[], options: FitOptions, changed: ReadonlySet<number>): void {
    const last = this.#last;
    // Whoever has the last fitting keeps it as it was.
    const firstRow = new Int32Array(this.store.length).fill(-1);
    firstRow.set(last.firstRow);
    last.firstRow = firstRow;
    for (const index of changed) {
      const file = this.files.find(({ end }) => index < end)!;
      const before = last.standing[index];
      const after = this.#standingOf(index, file, entries, options);
      last.standing[index] = after;
      count(last, before, file, -1);
      count(last, after, file, 1);
      replaceRows(last, index, rowsOf(before).length, rowsOf(after));
      if (typeof before === 'object' && before.longestRow === last.longestRow) last.longestRow = longestOf(last);
    }
  }

  #standingOf(index: number, file: FileRows, entries: readonly (Entry | undefined)[], options: FitOptions): Standing {
    if (this.store.isDeleted(index) || file.problem !== undefined) return undefined;
    const entry = entries[index];
    return entry === undefined ? 'pending' : fitEntry(entry, options);
  }

  /** Skipped in the order of the files, whether reading or building found them. */
  *#notices({ standing, uses }: Fitting): Generator<void, Pick<FittedRows, 'skipped' | 'warnings'>, void> {
    const { files, readNotices } = this;
    const book = new NoticeBook();
    for (const file of files) {
      if (file.mappingWarning !== undefined) book.warn(file.name, 0, file.mappingWarning);
      if (file.problem !== undefined && files.length > 1)
        book.skip(file.name, 0, `the file is left out: ${file.problem.message}`);
      for (let index = file.first; index < file.end; index++) {
        yield;
        const one = standing[index];
        if (typeof one !== 'object' || one.notes.isEmpty) continue;
        const { warnings, skipped } = one.notes;
        const at = this.store.lineOf(index);
        for (const { line, reason, kind } of warnings) book.warn(file.name, line || at, reason, kind);
        if (skipped !== undefined) book.skip(file.name, at, skipped);
      }
      const { rows = 0, times } = uses.get(file) ?? {};
      const repeated = rows - (times?.size ?? 0);
      if (repeated > 0) book.warn(file.name, 0, `${repeated} of ${rows} rows repeat an earlier row`);
    }
    const order = new Map(files.map((file, i) => [file.name, i]));
    const place = ({ file }: Notice) => order.get(file) ?? order.size;
    const skipped = [...readNotices.skipped, ...book.skipped];
    skipped.sort((a, b) => place(a) - place(b) || a.line - b.line);
    return { skipped, warnings: [...readNotices.warnings, ...book.warnings] };
  }
}

const rowsOf = (standing: Standing): readonly TokenRow[] => (typeof standing === 'object' ? standing.rows : []);

function count(fitting: Fitting, standing: Standing, file: FileRows, by: 1 | -1): void {
  const { sums, uses } = fitting;
  if (standing === undefined) return;
  if (standing === 'pending') {
    sums.pending += by;
    return;
  }
  sums.tokens += by * standing.tokens;
  sums.supervisedTokens += by * standing.supervisedTokens;
  if (by === 1) fitting.longestRow = Math.max(fitting.longestRow, standing.longestRow);
  if (standing.rows.length === 0) return;
  let used = uses.get(file);
  if (used === undefined) {
    used = { times: new Map(), rows: 0 };
    uses.set(file, used);
  }
  const times = (used.times.get(standing.hash) ?? 0) + by;
  if (times === 0) used.times.delete(standing.hash);
  else used.times.set(standing.hash, times);
  used.rows += by;
}

function replaceRows(fitting: Fitting, index: number, removed: number, rows: readonly TokenRow[]): void {
  if (removed === 0 && rows.length === 0) return;
  const { firstRow } = fitting;
  const first = placeOf(fitting, index);
  fitting.rows = fitting.rows.toSpliced(first, removed, ...rows);
  fitting.origin = fitting.origin.toSpliced(first, removed, ...rows.map(() => index));
  firstRow[index] = rows.length === 0 ? -1 : first;
  const moved = rows.length - removed;
  if (moved === 0) return;
  for (let after = index + 1; after < firstRow.length; after++) if (firstRow[after] !== -1) firstRow[after]! += moved;
}

/** Where the token rows of a row are, or would be. */
function placeOf({ firstRow, rows }: Fitting, index: number): number {
  for (let at = index; at < firstRow.length; at++) if (firstRow[at] !== -1) return firstRow[at]!;
  return rows.length;
}

function longestOf({ standing }: Fitting): number {
  return standing.reduce((most, one) => (typeof one === 'object' ? Math.max(most, one.longestRow) : most), 0);
}
