// Where a page keeps what became of its runs: a record of each, its curves, and some states on the way that another run can
// start from. A record is small and listed often; curves and states are read one by one.

export interface RunArchive<R extends { readonly id: string }, C> {
  list(): Promise<R[]>;
  record(id: string): Promise<R | undefined>;
  save(record: R): Promise<void>;
  curves(id: string): Promise<C | undefined>;
  saveCurves(id: string, curves: C): Promise<void>;
  /** The files of an adapter as it was after `step` steps. */
  state(id: string, step: number): Promise<ReadonlyMap<string, Uint8Array> | undefined>;
  saveState(id: string, step: number, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** The run with its curves and states. */
  remove(id: string): Promise<void>;
}
