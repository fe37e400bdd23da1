// Where adapters are kept: IndexedDB in the browser (adapter-store.browser.ts), a folder for tests of the same interface.
// A record (small, for lists) and its files stand side by side, so that a list never reads tensors.

/** Small facts of a stored adapter; the engine's protocol says what is in them. */
export interface StoredRecord {
  readonly id: string;
}

export interface AdapterStore<R extends StoredRecord> {
  list(): Promise<R[]>;
  /** The PEFT folder's files. */
  files(id: string): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Writes files first and the record last: a record without files never shows. */
  save(record: R, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  update(record: R): Promise<void>;
  remove(id: string): Promise<void>;
}
