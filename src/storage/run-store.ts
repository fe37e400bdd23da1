// Where a page keeps the run that goes on, so that a later visit can go on with it: what it is, its rows (a dropped file
// cannot be read again after a reload) and the checkpoints of each adapter that it trains. One run at a time, also across tabs.

import type { PackedRows } from '../data/pack-rows.ts';
import type { CheckpointStore } from '../train/checkpoint.ts';

export interface RunStore<R> {
  /** Of the adapter at this place, from 0: a run trains up to four at once. */
  checkpoints(place: number): CheckpointStore;
  /** Takes the only place there is; undefined when a run in another tab has it. It falls free when the worker ends. */
  claim(): Promise<(() => void) | undefined>;
  /** Resolves when no tab has it. */
  freed(): Promise<void>;
  /** Writes down a run that begins, in place of what was there. */
  begin(record: R, rows: PackedRows): Promise<void>;
  /** What is written down of the run that goes on, anew. */
  update(record: R): Promise<void>;
  /** Forgets the run as a whole. */
  clear(): Promise<void>;
  /** The run that was interrupted; undefined when there is none, or when it goes on in this tab or another. */
  interrupted(): Promise<R | undefined>;
  rows(): Promise<PackedRows>;
}
