// Entries → the rows that are trained on at the chosen length, with all their notices: the one source for the table, the counts
// and the trainer. Updates are incremental: an edit among 200,000 rows only takes the old row out of the sums and puts the new
// one in.
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

export class DatasetFitter {
  #standing: Standing[] = [];
  #rows: TokenRow[] = [];
  #origin: number[] = [];
  #firstRow = new Int32Array(0);
  #uses = new Map<FileRows, Uses>();
  #sums = { tokens: 0, supervisedTokens: 0, pending: 0 };
  #longestRow = 0;
  /** What the last fitting was for. */
  #key = '';
  #meanings: readonly unknown[] = [];

  constructor(
    private readonly store: RowStore,
    private readonly files: readonly FileRows[],
    private readonly readNotices: NoticeBook,
  ) {}

  /** @param changed rows of the store whose entries differ from last time; undefined: possibly any. */
  fit(
    entries: readonly (Entry | undefined)[],
    { maxTokens, longRows }: FitOptions,
    changed: ReadonlySet<number> | undefined,
  ): FittedRows {
    const options = { maxTokens, longRows };
    const key = JSON.stringify(options);
    const meanings = this.files.flatMap(({ mapping, mappingWarning, problem }) => [mapping, mappingWarning, problem]);
    const isKnown = key === this.#key && meanings.every((meaning, i) => meaning === this.#meanings[i]);
    this.#key = key;
    this.#meanings = meanings;
    if (changed === undefined || changed.size > MOST_CHANGES || !isKnown) this.#fitAll(entries, options);
    else this.#fitSome(entries, options, changed);
    return {
      rows: this.#rows,
      origin: this.#origin,
      firstRow: this.#firstRow,
      usable: [...this.#uses.values()].reduce((sum, { rows }) => sum + rows, 0),
      ...this.#sums,
      longestRow: this.#longestRow,
      ...this.#notices(),
    };
  }

  #fitAll(entries: readonly (Entry | undefined)[], options: FitOptions): void {
    this.#standing = new Array(this.store.length).fill(undefined);
    this.#rows = [];
    this.#origin = [];
    this.#firstRow = new Int32Array(this.store.length).fill(-1);
    this.#uses = new Map();
    this.#sums = { tokens: 0, supervisedTokens: 0, pending: 0 };
    this.#longestRow = 0;
    for (const file of this.files) {
      for (let index = file.first; index < file.end; index++) {
        const standing = this.#standingOf(index, file, entries, options);
        this.#standing[index] = standing;
        this.#count(standing, file, 1);
        if (typeof standing !== 'object' || standing.rows.length === 0) continue;
        this.#firstRow[index] = this.#rows.length;
        for (const row of standing.rows) {
          this.#rows.push(row);
          this.#origin.push(index);
        }
      }
    }
  }

  #fitSome(entries: readonly (Entry | undefined)[], options: FitOptions, changed: ReadonlySet<number>): void {
    // Whoever has the last fitting keeps it as it was.
    const firstRow = new Int32Array(this.store.length).fill(-1);
    firstRow.set(this.#firstRow);
    this.#firstRow = firstRow;
    for (const index of changed) {
      const file = this.files.find(({ end }) => index < end)!;
      const before = this.#standing[index];
      const after = this.#standingOf(index, file, entries, options);
      this.#standing[index] = after;
      this.#count(before, file, -1);
      this.#count(after, file, 1);
      this.#replaceRows(index, rowsOf(before).length, rowsOf(after));
      if (typeof before === 'object' && before.longestRow === this.#longestRow) this.#findLongest();
    }
  }

  #standingOf(index: number, file: FileRows, entries: readonly (Entry | undefined)[], options: FitOptions): Standing {
    if (this.store.isDeleted(index) || file.problem !== undefined) return undefined;
    const entry = entries[index];
    return entry === undefined ? 'pending' : fitEntry(entry, options);
  }

  #count(standing: Standing, file: FileRows, by: 1 | -1): void {
    if (standing === undefined) return;
    if (standing === 'pending') {
      this.#sums.pending += by;
      return;
    }
    this.#sums.tokens += by * standing.tokens;
    this.#sums.supervisedTokens += by * standing.supervisedTokens;
    if (by === 1) this.#longestRow = Math.max(this.#longestRow, standing.longestRow);
    if (standing.rows.length === 0) return;
    let uses = this.#uses.get(file);
    if (uses === undefined) {
      uses = { times: new Map(), rows: 0 };
      this.#uses.set(file, uses);
    }
    const times = (uses.times.get(standing.hash) ?? 0) + by;
    if (times === 0) uses.times.delete(standing.hash);
    else uses.times.set(standing.hash, times);
    uses.rows += by;
  }

  #replaceRows(index: number, count: number, rows: readonly TokenRow[]): void {
    if (count === 0 && rows.length === 0) return;
    const first = this.#placeOf(index);
    this.#rows = this.#rows.toSpliced(first, count, ...rows);
    this.#origin = this.#origin.toSpliced(first, count, ...rows.map(() => index));
    this.#firstRow[index] = rows.length === 0 ? -1 : first;
    const moved = rows.length - count;
    if (moved === 0) return;
    for (let after = index + 1; after < this.#firstRow.length; after++)
      if (this.#firstRow[after] !== -1) this.#firstRow[after]! += moved;
  }

  /** Where the token rows of a row are, or would be. */
  #placeOf(index: number): number {
    if (this.#firstRow[index] !== -1) return this.#firstRow[index]!;
    for (let after = index + 1; after < this.#firstRow.length; after++)
      if (this.#firstRow[after] !== -1) return this.#firstRow[after]!;
    return this.#rows.length;
  }

  #findLongest(): void {
    this.#longestRow = 0;
    for (const standing of this.#standing)
      if (typeof standing === 'object') this.#longestRow = Math.max(this.#longestRow, standing.longestRow);
  }

  /** Skipped in the order of the files, whether reading or building found them. */
  #notices(): Pick<FittedRows, 'skipped' | 'warnings'> {
    const { files, readNotices } = this;
    const book = new NoticeBook();
    for (const file of files) {
      if (file.mappingWarning !== undefined) book.warn(file.name, 0, file.mappingWarning);
      if (file.problem !== undefined && files.length > 1)
        book.skip(file.name, 0, `the file is left out: ${file.problem.message}`);
      for (let index = file.first; index < file.end; index++) {
        const standing = this.#standing[index];
        if (typeof standing !== 'object' || standing.notes.isEmpty) continue;
        const { warnings, skipped } = standing.notes;
        const at = this.store.lineOf(index);
        for (const { line, reason, kind } of warnings) book.warn(file.name, line || at, reason, kind);
        if (skipped !== undefined) book.skip(file.name, at, skipped);
      }
      const { rows = 0, times } = this.#uses.get(file) ?? {};
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
