// All rows of a dataset as read, packed: their values as JSON in UTF-8, in blocks of a few MB. 300 MB of rows take 300 MB,
// outside the heap that the garbage collector walks. A row can have several versions; the current one counts, and the
// earlier ones stay for undo.
import { NumberColumn } from './number-column.ts';
import type { Row } from './types.ts';

const BLOCK_BYTES = 4 * 1024 * 1024;
/** A character takes at most 3 bytes of UTF-8 for each of its UTF-16 units. */
const MAX_BYTES_PER_UNIT = 3;

/** One version of a row: where its values are, and the names they belong to. A deletion is a version too. */
export interface RowVersion {
  readonly block: number;
  readonly offset: number;
  readonly bytes: number;
  readonly names: number;
  readonly isDeleted: boolean;
}

export interface RowStoreState {
  readonly names: readonly (readonly string[])[];
  readonly files: readonly string[];
  /** Current versions, five numbers per row. Datasets stored before these were packed have them one by one. */
  readonly versions: Uint32Array | readonly RowVersion[];
  readonly fileOf: ArrayLike<number>;
  readonly lineOf: ArrayLike<number>;
  readonly used: number;
}

/** block, offset, bytes, names, isDeleted. */
const VERSION_NUMBERS = 5;

export class RowStore {
  readonly #blocks: Uint8Array<ArrayBuffer>[] = [];
  readonly #names: (readonly string[])[] = [];
  readonly #namesIndex = new Map<string, number>();
  readonly #files: string[] = [];
  #versions = new NumberColumn();
  #fileOf = new NumberColumn();
  #lineOf = new NumberColumn();
  #deleted = 0;
  #used = BLOCK_BYTES;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();

  get length(): number {
    return this.#fileOf.length;
  }

  /** Rows that are not deleted. */
  get presentCount(): number {
    return this.length - this.#deleted;
  }

  /** Bytes of all versions. */
  get byteLength(): number {
    return this.#blocks.reduce((sum, block) => sum + block.length, 0);
  }

  /** A snapshot of everything but the blocks, as plain data. */
  get state(): RowStoreState {
    return {
      names: [...this.#names],
      files: [...this.#files],
      versions: this.#versions.toArray(),
      fileOf: this.#fileOf.toArray(),
      lineOf: this.#lineOf.toArray(),
      used: this.#used,
    };
  }

  get blocks(): readonly Uint8Array[] {
    return this.#blocks;
  }

  static restore(state: RowStoreState, blocks: readonly Uint8Array[]): RowStore {
    const store = new RowStore();
    for (const block of blocks) store.#blocks.push(block as Uint8Array<ArrayBuffer>);
    for (const names of state.names) store.#internNames(names);
    store.#files.push(...state.files);
    const { versions } = state;
    if (versions instanceof Uint32Array) store.#versions = new NumberColumn(versions);
    else for (const version of versions) store.#pushVersion(version);
    store.#fileOf = new NumberColumn(state.fileOf);
    store.#lineOf = new NumberColumn(state.lineOf);
    store.#used = state.used;
    store.#countDeleted();
    return store;
  }

  append(row: Row): void {
    const last = this.#files.length - 1;
    if (this.#files[last] !== row.file) this.#files.push(row.file);
    this.#fileOf.push(this.#files.length - 1);
    this.#lineOf.push(row.line);
    this.#pushVersion(this.write(row.fields));
  }

  /** Drops the rows from `length` on, when a file broke off. */
  truncate(length: number): void {
    this.#versions.truncate(length * VERSION_NUMBERS);
    this.#fileOf.truncate(length);
    this.#lineOf.truncate(length);
    this.#countDeleted();
  }

  fileOf(index: number): string {
    return this.#files[this.#fileOf.at(index)]!;
  }

  lineOf(index: number): number {
    return this.#lineOf.at(index);
  }

  version(index: number): RowVersion {
    const at = index * VERSION_NUMBERS;
    const [block, offset, bytes, names] = [0, 1, 2, 3].map((i) => this.#versions.at(at + i));
    return { block: block!, offset: offset!, bytes: bytes!, names: names!, isDeleted: this.isDeleted(index) };
  }

  isDeleted(index: number): boolean {
    return this.#versions.at(index * VERSION_NUMBERS + 4) === 1;
  }

  row(index: number): Row {
    const names = this.#names[this.#versions.at(index * VERSION_NUMBERS + 3)]!;
    const values = JSON.parse(this.json(index)) as unknown[];
    return {
      file: this.fileOf(index),
      line: this.lineOf(index),
      fields: new Map(names.map((name, i) => [name, values[i]])),
    };
  }

  /** The row's values as JSON text: an array, in the order of its fields. */
  json(index: number): string {
    const at = index * VERSION_NUMBERS;
    const offset = this.#versions.at(at + 1);
    const block = this.#blocks[this.#versions.at(at)]!;
    return this.#decoder.decode(block.subarray(offset, offset + this.#versions.at(at + 2)));
  }

  /** Stores values without assigning them to a row; `replace` does that. */
  write(fields: ReadonlyMap<string, unknown>): RowVersion {
    const names = this.#internNames([...fields.keys()]);
    const text = stringify([...fields.values()]);
    const most = text.length * MAX_BYTES_PER_UNIT;
    if (this.#used + most > (this.#blocks.at(-1)?.length ?? 0)) {
      this.#blocks.push(new Uint8Array(Math.max(BLOCK_BYTES, most)));
      this.#used = 0;
    }
    const block = this.#blocks.length - 1;
    const offset = this.#used;
    const { written } = this.#encoder.encodeInto(text, this.#blocks[block]!.subarray(offset));
    // A block of its own for one long row gives back what it did not need.
    if (most > BLOCK_BYTES) this.#blocks[block] = this.#blocks[block]!.slice(0, written);
    this.#used += written;
    return { block, offset, bytes: written, names, isDeleted: false };
  }

  /** Makes a version the current one; returns the previous one. */
  replace(index: number, version: RowVersion): RowVersion {
    const before = this.version(index);
    for (const [i, number] of numbersOf(version).entries()) this.#versions.set(index * VERSION_NUMBERS + i, number);
    this.#deleted += Number(version.isDeleted) - Number(before.isDeleted);
    return before;
  }

  #pushVersion(version: RowVersion): void {
    for (const number of numbersOf(version)) this.#versions.push(number);
  }

  #countDeleted(): void {
    this.#deleted = 0;
    for (let index = 0; index < this.length; index++) if (this.isDeleted(index)) this.#deleted += 1;
  }

  #internNames(names: readonly string[]): number {
    const key = JSON.stringify(names);
    const known = this.#namesIndex.get(key);
    if (known !== undefined) return known;
    this.#namesIndex.set(key, this.#names.length);
    this.#names.push(names);
    return this.#names.length - 1;
  }
}

function numbersOf({ block, offset, bytes, names, isDeleted }: RowVersion): readonly number[] {
  return [block, offset, bytes, names, Number(isDeleted)];
}

/** A value that nests deeper than the stack keeps its kind and loses its content: no reader could use it either. */
function stringify(values: readonly unknown[]): string {
  try {
    return JSON.stringify(values);
  } catch {
    return JSON.stringify(values.map((value) => (canStringify(value) ? value : Array.isArray(value) ? [] : {})));
  }
}

function canStringify(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}
