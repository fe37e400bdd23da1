// Where a page keeps the open dataset with its edits, so that a reload loses nothing: packed rows in blocks, which are only
// ever added to, and the state that says which versions of them count.

export interface DatasetStore<S> {
  /**
   * Writes blocks from `firstChanged` on, then the state, which makes them count. `id` is the dataset's: blocks of another
   * one are forgotten.
   */
  save(id: string, state: S, blocks: readonly Uint8Array[], firstChanged: number): Promise<void>;
  /** Undefined when there is none, or not all of it. */
  load(): Promise<{ readonly id: string; readonly state: S; readonly blocks: readonly Uint8Array[] } | undefined>;
  clear(): Promise<void>;
}
