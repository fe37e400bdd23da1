// Where prepared models are kept between openings: OPFS in the browser, a folder in Node (src/storage). A kept model is
// one file of pieces plus a commit record with its SHA-256; without the record it does not count.

import type { ModelFile } from './model-file.ts';

export interface PreparedRecord {
  /** Of the layout; a model prepared by another version is prepared again. */
  readonly version: number;
  readonly hash: string;
  readonly bytes: number;
}

export interface PreparedWriter {
  append(bytes: Uint8Array): Promise<void>;
  commit(record: PreparedRecord): Promise<void>;
  /** Removes what has been written. */
  abort(): Promise<void>;
}

export interface PreparedStore {
  open(key: string): Promise<{ readonly file: ModelFile; readonly record: PreparedRecord } | undefined>;
  /** Undefined when nothing can be kept here (no OPFS, private window). */
  create(key: string): Promise<PreparedWriter | undefined>;
  remove(key: string): Promise<void>;
  /** What is kept here, and what broken writes have left. */
  measure(): Promise<{ readonly models: number; readonly bytes: number }>;
  /** Removes all of it. */
  clear(): Promise<void>;
}

export const PREPARED_VERSION = 2;
