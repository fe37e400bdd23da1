// A dataset that can be edited: rows as read, changed by hand or by fixes, and the token rows made from them. Reading fills the
// store. Building tokenizes the rows that lack tokens; it can be interrupted and continued. Fitting is cheap and happens after
// every change. What trains is always what the table shows.
import { cannotRead, DatasetError } from './dataset-error.ts';
import { EditLog, type EditLogState } from './edit-log.ts';
import { FileRows, type FileRowsState, readFileRows } from './file-rows.ts';
import { DatasetFitter, type FittedRows } from './fit-dataset.ts';
import { type Entry, fitEntry } from './fit-entry.ts';
import type { FitOptions } from './fit-rows.ts';
import { hashRows } from './hash-rows.ts';
import { hashText } from './hash-text.ts';
import { interpretRow } from './interpret-row.ts';
import { NoticeBook } from './notice-book.ts';
import { createReadContext } from './read-context.ts';
import { nothingUsable } from './read-examples.ts';
import { RowNotes } from './row-notes.ts';
import { RowStore, type RowStoreState } from './row-store.ts';
import { loosenText, rowText } from './row-text.ts';
import { toExample } from './to-example.ts';
import type { ChatTokenizer, DataFile, Example, Mapping, Notice, ReadProgress } from './types.ts';

export interface BuildOptions extends FitOptions {
  /** Undefined: detected, file by file. */
  readonly mapping?: Mapping | undefined;
  readonly completionOnly: boolean;
  readonly useChatTemplate?: boolean | undefined;
  readonly systemPrompt?: string | undefined;
  readonly vocabularySize?: number | undefined;
}

/** Plain data: the dataset without its tokens, which are rebuilt. */
export interface DatasetState {
  readonly rows: RowStoreState;
  readonly edits: EditLogState;
  readonly files: readonly FileRowsState[];
  readonly skipped: readonly Notice[];
  readonly warnings: readonly Notice[];
}

/** Chats are tokenized at least to this length: longer limits are rarely tried, and shorter ones need no new tokens. */
const ENOUGH_TOKENS = 8192;
/** Ids and masks take 5 bytes each, and a tab has a few GB. */
export const MAX_TOKENS = 200_000_000;
const HAND_WRITTEN = 'written by hand';

export class EditableDataset {
  readonly store: RowStore;
  readonly log: EditLog;
  readonly #files: FileRows[] = [];
  readonly #readNotices = new NoticeBook();
  readonly #fitter: DatasetFitter;
  #entries: (Entry | undefined)[] = [];
  /** Rows whose entries have changed since the last fitting; undefined: possibly any. */
  #changed: Set<number> | undefined;
  #builtFor: { readonly key: string; readonly tokenizer: ChatTokenizer; readonly enough: number } | undefined;
  #options: BuildOptions = { maxTokens: 256, longRows: 'split', completionOnly: true };
  #fitted: FittedRows | undefined;
  /** One that has been begun, and the changes that it takes up; what changes meanwhile is the next one's. */
  #fitting: { readonly work: ReturnType<DatasetFitter['fit']>; readonly changed: Set<number> | undefined } | undefined;
  #isReading = false;
  #hashed: { readonly rows: FittedRows; readonly hash: Promise<string> } | undefined;

  /** An empty dataset, or a stored one, which then needs `build`. */
  constructor(kept?: { readonly state: DatasetState; readonly blocks: readonly Uint8Array[] }) {
    this.store = kept ? RowStore.restore(kept.state.rows, kept.blocks) : new RowStore();
    this.log = new EditLog(this.store, kept?.state.edits);
    this.#fitter = new DatasetFitter(this.store, this.#files, this.#readNotices);
    if (kept === undefined) return;
    const { files, skipped, warnings } = kept.state;
    this.#files.push(...files.map(FileRows.restore));
    for (const { file, line, reason } of skipped) this.#readNotices.skip(file, line, reason);
    for (const { file, line, reason } of warnings) this.#readNotices.warn(file, line, reason);
  }

  /** What a later visit needs, besides the store's blocks. */
  get state(): DatasetState {
    return {
      rows: this.store.state,
      edits: this.log.state,
      files: this.#files.map((file) => file.state),
      skipped: [...this.#readNotices.skipped],
      warnings: this.#readNotices.warnings,
    };
  }

  get fileCount(): number {
    return new Set(this.#files.map((file) => file.name)).size;
  }

  get name(): string {
    const [first, ...others] = new Set(this.#files.map((file) => file.name));
    return first === undefined ? '' : others.length === 0 ? first : `${first} and ${others.length} more`;
  }

  /** Rows that are not deleted. */
  get rowCount(): number {
    return this.store.presentCount;
  }

  get format(): string {
    return [...new Set(this.#files.map((file) => file.format))].join(' + ');
  }

  get columns(): string[] {
    return [...new Set(this.#files.flatMap((file) => [...file.columns]))];
  }

  /** The mapping of the file with the most rows. */
  get mapping(): Mapping {
    const known = this.#files.filter((file) => file.mapping !== undefined);
    const size = (file: FileRows) => file.end - file.first;
    const largest = known.reduce<FileRows | undefined>(
      (best, f) => (best && size(best) >= size(f) ? best : f),
      undefined,
    );
    return largest?.mapping ?? { shape: 'prompt-completion', columns: {} };
  }

  /** Why there is nothing to train on; undefined when there is. */
  get problem(): DatasetError | undefined {
    const { usable, skipped, pending } = this.fitted;
    if (usable > 0 || pending > 0) return undefined;
    const failed = this.#files.find((file) => file.problem !== undefined)?.problem;
    const isProse = this.#files.every((file) => file.isProse);
    return failed ?? nothingUsable(this.name, isProse, skipped, this.columns);
  }

  /**
   * Reads more files, after the existing ones. An unreadable one is listed among the skipped, or, if the dataset is still empty,
   * its DatasetError is thrown. When aborted, what was read so far stays, with a notice that the rest is missing.
   */
  async read(files: readonly DataFile[], signal?: AbortSignal, onProgress?: (p: ReadProgress) => void): Promise<void> {
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const context = { ...createReadContext(total, signal, onProgress), notices: this.#readNotices };
    let failure: DatasetError | undefined;
    this.#isReading = true;
    this.#dropFitting();
    for (const file of files) {
      const first = this.store.length;
      try {
        await readFileRows(file, this.store, context, (known) => void this.#files.push(known));
      } catch (error) {
        if (signal?.aborted) {
          this.#readNotices.warn(
            file.name,
            0,
            `reading was stopped after ${this.store.length - first} rows: the rest is not here`,
          );
          break;
        }
        this.store.truncate(first);
        if (this.#files.at(-1)?.first === first) this.#files.pop();
        if (!(error instanceof DatasetError)) {
          this.#isReading = false;
          throw error;
        }
        failure ??= error;
        const [notice] = error.notices;
        this.#readNotices.skip(
          file.name,
          notice?.line ?? 0,
          `the file is left out: ${notice?.reason ?? error.message}`,
        );
      }
    }
    this.#isReading = false;
    this.#changed = undefined;
    this.#forgetFitted();
    if (this.store.length > 0 || signal?.aborted) return;
    throw failure ?? this.#nothingRead(files[0]?.name ?? '');
  }

  #nothingRead(name: string): DatasetError {
    const isProse = this.#files.every((file) => file.isProse);
    return nothingUsable(name, isProse, this.#readNotices.skipped, this.columns);
  }

  /**
   * Tokenizes rows: all of them when their mapping or template has changed, else those without tokens. When aborted, the rest
   * stays pending, and the next call continues with it. Then fits them.
   */
  async build(
    tokenizer: ChatTokenizer,
    options: BuildOptions,
    signal?: AbortSignal,
    onProgress?: (done: number, total: number) => void,
  ): Promise<void> {
    this.#forgetOutdated(tokenizer, options);
    this.#options = options;
    this.#forgetFitted();
    const interpreting = { ...options, enoughTokens: this.#builtFor!.enough };
    const context = createReadContext(0, signal);
    let done = 0;
    let tokens = 0;
    const total = this.store.length;
    try {
      for (const file of this.#files) {
        file.findMapping(this.store, options.mapping);
        for (let index = file.first; index < file.end; index++) {
          if (++done % 100 === 0) onProgress?.(done, total);
          if (file.problem !== undefined || this.#entries[index] !== undefined || this.store.isDeleted(index)) continue;
          await context.breathe();
          const notes = new RowNotes();
          const entry = await interpretRow(this.example(index, notes), notes, tokenizer, interpreting, context);
          this.#entries[index] = entry;
          this.#changed?.add(index);
          for (const { ids } of entry.whole) tokens += ids.length;
          if (tokens > MAX_TOKENS)
            throw cannotRead(file.name, `found more than ${MAX_TOKENS} tokens`, 'a smaller dataset');
        }
      }
      onProgress?.(total, total);
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      this.#forgetFitted();
    }
    await this.fit();
  }

  #forgetOutdated(tokenizer: ChatTokenizer, options: BuildOptions): void {
    const { mapping, completionOnly, useChatTemplate, systemPrompt, vocabularySize, maxTokens } = options;
    const key = JSON.stringify([mapping, completionOnly, useChatTemplate, systemPrompt, vocabularySize]);
    const before = this.#builtFor;
    if (before?.key !== key || before.tokenizer !== tokenizer) {
      this.#entries = [];
      this.#changed = undefined;
      for (const file of this.#files) file.forgetMapping();
    } else if (maxTokens > before.enough) {
      this.#entries = this.#entries.map((e) => (e?.whole.every((row) => row.isComplete) ? e : undefined));
      this.#changed = undefined;
    }
    this.#builtFor = { key, tokenizer, enough: Math.max(maxTokens, ENOUGH_TOKENS) };
  }

  /** The row as an example; undefined when it cannot be used, with the reason in `notes`. */
  example(index: number, notes = new RowNotes()): Example | undefined {
    const file = this.#fileAt(index);
    if (file?.mapping === undefined) return undefined;
    const { mapping, systemPrompt } = this.#options;
    return toExample(this.store.row(index), file.mapping, notes, { isMixed: mapping === undefined, systemPrompt });
  }

  /** The mapping by which this row is read. */
  mappingOf(index: number): Mapping | undefined {
    return this.#fileAt(index)?.mapping;
  }

  #fileAt(index: number): FileRows | undefined {
    return this.#files.find((file) => index < file.end);
  }

  /** What `build` or `fit` has fitted; else it is done at once, which is a second's work for 200,000 rows. */
  get fitted(): FittedRows {
    while (this.#fitted === undefined) this.#fitOn();
    return this.#fitted;
  }

  /** As `fitted`, and the event loop runs meanwhile. */
  async fit(): Promise<FittedRows> {
    const { breathe } = createReadContext(0);
    // Files that are being read grow: what there is of them is fitted in one go.
    while (this.#fitted === undefined && !this.#isReading) {
      this.#fitOn();
      await breathe();
    }
    return this.fitted;
  }

  /** One row's worth of the fitting that is under way. */
  #fitOn(): void {
    if (this.#fitting === undefined) {
      const changed = this.#changed;
      this.#changed = new Set();
      this.#fitting = { changed, work: this.#fitter.fit(this.#entries, this.#options, changed) };
    }
    const step = this.#fitting.work.next();
    if (!step.done) return;
    this.#fitted = step.value;
    this.#fitting = undefined;
  }

  /** The next fitting begins anew. */
  #forgetFitted(): void {
    this.#fitted = undefined;
    this.#dropFitting();
  }

  /** What it was to take up waits for the next one. */
  #dropFitting(): void {
    if (this.#fitting === undefined) return;
    const { changed } = this.#fitting;
    this.#fitting = undefined;
    this.#changed = changed && this.#changed && new Set([...changed, ...this.#changed]);
  }

  /** SHA-256 of what is trained on (hash-rows.ts), computed on demand and cached until something changes. */
  hash(): Promise<string> {
    const { fitted } = this;
    if (this.#hashed?.rows !== fitted) this.#hashed = { rows: fitted, hash: hashRows(fitted.rows) };
    return this.#hashed.hash;
  }

  /** Tokens of a row before anything is cut; undefined until it has been built, 0 when it is not used. */
  tokensOf(index: number): number | undefined {
    return this.#entries[index]?.whole.reduce((sum, row) => sum + row.ids.length, 0);
  }

  /** Why a row is not used at any length. */
  skippedOf(index: number): string | undefined {
    const entry = this.#entries[index];
    if (entry === undefined) return undefined;
    if (this.fitted.firstRow[index] !== -1) return undefined;
    return fitEntry(entry, this.#options).notes.skipped;
  }

  /** Lengths of all whole rows that are used or could be: what a histogram is drawn from. */
  *lengths(): Generator<{ readonly tokens: number; readonly answerFrom: number; readonly isText: boolean }> {
    for (const [index, entry] of this.#entries.entries()) {
      if (entry === undefined || this.store.isDeleted(index)) continue;
      for (const { ids, mask, isText } of entry.whole)
        yield { tokens: ids.length, answerFrom: mask.indexOf(1), isText };
    }
  }

  /** The same for rows whose prompt is the same but for case, spaces and punctuation; undefined without a prompt. */
  promptOf(index: number): number | undefined {
    const example = this.example(index);
    const prompt = example === undefined ? '' : rowText(example).prompt;
    return prompt === '' ? undefined : hashText(loosenText(prompt));
  }

  hashOf(index: number): number | undefined {
    return this.#entries[index]?.hash;
  }

  /** One step of the undo log: new values for rows, or undefined to delete them. Call `build` afterwards. */
  change(
    what: string,
    changes: Iterable<readonly [index: number, fields: ReadonlyMap<string, unknown> | undefined]>,
  ): void {
    const versions = Array.from(changes, ([index, fields]) => {
      for (const name of fields?.keys() ?? []) this.#fileAt(index)?.columns.add(name);
      return [index, fields ? this.store.write(fields) : { ...this.store.version(index), isDeleted: true }] as const;
    });
    this.#touch(this.log.apply(what, versions));
  }

  /** Appends a row written by hand and returns its index. */
  add(what: string, fields: ReadonlyMap<string, unknown>): number {
    let file = this.#files.at(-1);
    if (file?.name !== HAND_WRITTEN) {
      file = new FileRows(HAND_WRITTEN, 'jsonl', this.store.length);
      this.#files.push(file);
    }
    const index = this.store.length;
    this.store.append({ file: HAND_WRITTEN, line: index - file.first + 1, fields });
    for (const name of fields.keys()) file.columns.add(name);
    file.end = this.store.length;
    // A file of one kind of row has been given its meaning by its first rows.
    file.forgetMapping();
    const written = this.store.version(index);
    this.store.replace(index, { ...written, isDeleted: true });
    this.#touch(this.log.apply(what, [[index, written]]));
    return index;
  }

  undo(): void {
    this.#touch(this.log.undo());
  }

  redo(): void {
    this.#touch(this.log.redo());
  }

  #touch(indices: readonly number[]): void {
    for (const index of indices) {
      this.#entries[index] = undefined;
      this.#changed?.add(index);
    }
    this.#forgetFitted();
  }
}
