// What every reader is given: where to note things, how to be cancelled, and a breath for the event loop, so that a
// worker answers while it reads a long file.
import { NoticeBook } from './notice-book.ts';
import type { ReadProgress } from './types.ts';

/** Longest stretch of work without letting the event loop run: a page still feels immediate at 50 ms. */
const STRETCH_MS = 50;

export interface ReadContext {
  readonly notices: NoticeBook;
  readonly signal: AbortSignal | undefined;
  /** Bytes that came out of a file just now. */
  readonly countBytes: (count: number) => void;
  /** Call between rows; now and then it lets the event loop run. Throws the signal's reason when cancelled. */
  readonly breathe: () => Promise<void> | undefined;
}

export function createReadContext(
  totalBytes: number,
  signal?: AbortSignal,
  onProgress?: (progress: ReadProgress) => void,
): ReadContext {
  let done = 0;
  let lastPause = performance.now();
  const pause = async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    lastPause = performance.now();
    signal?.throwIfAborted();
  };
  return {
    notices: new NoticeBook(),
    signal,
    countBytes(count) {
      signal?.throwIfAborted();
      done += count;
      onProgress?.({ what: 'Reading the dataset', done, total: totalBytes, unit: 'bytes' });
    },
    breathe() {
      signal?.throwIfAborted();
      return performance.now() - lastPause > STRETCH_MS ? pause() : undefined;
    },
  };
}
