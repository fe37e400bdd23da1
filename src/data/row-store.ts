// All rows of a dataset as they were read, packed: their values as JSON in UTF-8, in blocks of a few MB. 300 MB of rows take
// 300 MB, outside the heap that garbage collection walks. A row can have several versions; the current one is what counts,
// and the earlier ones stay where they are for undo.
import type { Row } from './types.ts';

const BLOCK_BYTES = 4 * 1024 * 1024;
/** A character takes at most 3 bytes of UTF-8 for each of its UTF-16 units. */
const MAX_BYTES_PER_UNIT = 3;

/** One version of a row: where its values lie, and the names they belong to. Deleted is a version too. */
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
  readonly versions: readonly RowVersion[];
  readonly fileOf: readonly number[];
  readonly lineOf: readonly number[];
  readonly used: number;
}

export class RowStore {
  readonly #blocks: Uint8Array<ArrayBuffer>[] = [];
  readonly #names: (readonly string[])[] = [];
  readonly #namesIndex = new Map<string, number>();
  readonly #files: string[] = [];
  readonly #versions: RowVersion[] = [];
  readonly #fileOf: number[] = [];
  readonly #lineOf: number[] = [];
  #used = BLOCK_BYTES;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();

  get length(): number {
    return this.#versions.length;
  }

  /** Bytes of all versions. */
  get byteLength(): number {
    return this.#blocks.reduce((sum, block) => sum + block.length, 0);
  }

  /** Everything but the blocks, as plain data of this moment. */
  get state(): RowStoreState {
    return {
      names: [...this.#names],
      files: [...this.#files],
      versions: [...this.#versions],
      fileOf: [...this.#fileOf],
      lineOf: [...this.#lineOf],
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
    for (const [i, version] of state.versions.entries()) {
      store.#versions.push(version);
      store.#fileOf.push(state.fileOf[i]!);
      store.#lineOf.push(state.lineOf[i]!);
    }
    store.#used = state.used;
    return store;
  }

  append(row: Row): void {
    const last = this.#files.length - 1;
    if (this.#files[last] !== row.file) this.#files.push(row.file);
    this.#fileOf.push(this.#files.length - 1);
    this.#lineOf.push(row.line);
    this.#versions.push(this.write(row.fields));
  }

  /** Forgets the rows from `length` on: a file that broke off. */
  truncate(length: number): void {
    this.#versions.length = length;
    this.#fileOf.length = length;
    this.#lineOf.length = length;
  }

  fileOf(index: number): string {
    return this.#files[this.#fileOf[index]!]!;
  }

  lineOf(index: number): number {
    return this.#lineOf[index]!;
  }

  version(index: number): RowVersion {
    return this.#versions[index]!;
  }

  isDeleted(index: number): boolean {
    return this.#versions[index]!.isDeleted;
  }

  row(index: number): Row {
    const names = this.#names[this.#versions[index]!.names]!;
    const values = JSON.parse(this.json(index)) as unknown[];
    return {
      file: this.fileOf(index),
      line: this.lineOf(index),
      fields: new Map(names.map((name, i) => [name, values[i]])),
    };
  }

  /** The row's values as JSON text: an array, in the order of its fields. */
  json(index: number): string {
    const { block, offset, bytes } = this.#versions[index]!;
    return this.#decoder.decode(this.#blocks[block]!.subarray(offset, offset + bytes));
  }

  /** Puts values down without making them anyone's; `replace` does. */
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

  /** Makes a version the current one; returns the one before. */
  replace(index: number, version: RowVersion): RowVersion {
    const before = this.#versions[index]!;
    this.#versions[index] = version;
    return before;
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
