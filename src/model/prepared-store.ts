// Where prepared models are kept between openings: OPFS in the browser, a folder in Node (src/storage). A kept model is
// one file of pieces plus a commit record with its SHA-256; without the record it does not count.

import type { ModelFile } from './model-file.ts';

export interface PreparedRecord {
  /** Of the layout; a model prepared by another version is prepared again. */
  readonly version: number;
  readonly hash: string;
  readonly bytes: number;
}

/** Of a copy whose making was broken off: its first `tensors` are whole; hash and bytes are theirs. */
export interface HalfRecord extends PreparedRecord {
  readonly tensors: number;
}

/** A copy that was broken off. `goOn` writes behind its whole tensors; nothing else may read it then. */
export interface HalfPrepared {
  readonly file: ModelFile;
  readonly record: HalfRecord;
  goOn(): Promise<PreparedWriter>;
}

export interface PreparedWriter {
  append(bytes: Uint8Array): Promise<void>;
  commit(record: PreparedRecord): Promise<void>;
  /** Keeps what has been written, for an opening that goes on with it later. */
  suspend(record: HalfRecord): Promise<void>;
  /** Removes what has been written. */
  abort(): Promise<void>;
}

export interface PreparedStore {
  open(key: string): Promise<{ readonly file: ModelFile; readonly record: PreparedRecord } | undefined>;
  openHalf(key: string): Promise<HalfPrepared | undefined>;
  /** Starts anew. Undefined when nothing can be kept here (no OPFS, private window). */
  create(key: string): Promise<PreparedWriter | undefined>;
  remove(key: string): Promise<void>;
  /** What is kept here, and what broken writes have left. */
  measure(): Promise<{ readonly models: number; readonly bytes: number }>;
  /** Removes all of it. */
  clear(): Promise<void>;
}

export const PREPARED_VERSION = 2;
