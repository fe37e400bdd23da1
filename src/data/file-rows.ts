// The rows of one file among the rows of a dataset, and what they mean: found from the first of them, unless it is given.
import { DatasetError } from './dataset-error.ts';
import { detectMapping } from './detect-mapping.ts';
import { openRows } from './open-rows.ts';
import type { ReadContext } from './read-context.ts';
import { SAMPLE_ROWS, TEXT_MAPPING } from './read-examples.ts';
import { MAX_COLUMNS } from './row-from-value.ts';
import type { RowStore } from './row-store.ts';
import type { DataFile, FileFormat, Mapping } from './types.ts';

/** Plain data. */
export interface FileRowsState {
  readonly name: string;
  readonly format: FileFormat;
  /** Rows of the store, `first` ≤ row < `end`. */
  readonly first: number;
  readonly end: number;
  readonly columns: readonly string[];
}

export class FileRows {
  readonly columns: Set<string>;
  /** Set by `findMapping`; undefined while there is no row to find it from. */
  mapping: Mapping | undefined;
  mappingWarning: string | undefined;
  /** Why its columns have no meaning. */
  problem: DatasetError | undefined;

  constructor(
    readonly name: string,
    readonly format: FileFormat,
    readonly first: number,
    public end = first,
    columns: Iterable<string> = [],
  ) {
    this.columns = new Set(columns);
  }

  static restore({ name, format, first, end, columns }: FileRowsState): FileRows {
    return new FileRows(name, format, first, end, columns);
  }

  get state(): FileRowsState {
    const { name, format, first, end, columns } = this;
    return { name, format, first, end, columns: [...columns] };
  }

  get isProse(): boolean {
    return this.format === 'text' || this.format === 'markdown';
  }

  /** Finds the meaning of the columns, unless it is known. @param given chosen by a person, for every file that has columns. */
  findMapping(store: RowStore, given: Mapping | undefined): void {
    if (this.mapping !== undefined || this.problem !== undefined) return;
    this.mappingWarning = undefined;
    if (this.isProse) this.mapping = TEXT_MAPPING;
    else if (given !== undefined) this.mapping = given;
    else this.#detect(store);
  }

  #detect(store: RowStore): void {
    const sample = [];
    for (let i = this.first; i < this.end && sample.length < SAMPLE_ROWS; i++)
      if (!store.isDeleted(i)) sample.push(store.row(i));
    if (sample.length === 0) return;
    try {
      const { mapping, warning } = detectMapping(sample);
      this.mapping = mapping;
      this.mappingWarning = warning;
    } catch (error) {
      if (!(error instanceof DatasetError)) throw error;
      this.problem = error;
    }
  }

  forgetMapping(): void {
    this.mapping = undefined;
    this.problem = undefined;
  }
}

/** Reads a file's rows behind those of the store; `onOpen` is told when its format is known, before the first of them. */
export async function readFileRows(
  file: DataFile,
  store: RowStore,
  context: ReadContext,
  onOpen: (known: FileRows) => void,
): Promise<void> {
  const { format, rows } = await openRows(file, context);
  const known = new FileRows(file.name, format, store.length);
  onOpen(known);
  for await (const batch of rows) {
    for (const row of batch) {
      store.append(row);
      for (const name of row.fields.keys()) if (known.columns.size < MAX_COLUMNS) known.columns.add(name);
    }
    known.end = store.length;
  }
}
