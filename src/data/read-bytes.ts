// A file's bytes, chunk by chunk. A reader instead of `for await` on the stream: Safari has no async iteration there.
import type { ReadContext } from './read-context.ts';
import type { DataFile } from './types.ts';
import { unreadable } from './unreadable-file.ts';

/** Bounds what is decoded and parsed between two looks at the clock. */
const MAX_CHUNK_BYTES = 256 * 1024;

export async function* readBytes(file: DataFile, context: ReadContext): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  try {
    for (;;) {
      context.signal?.throwIfAborted();
      const { done, value } = await readOn(file, reader);
      if (done) return;
      // A source may hand over a whole file at once; nobody behind this line has to expect that.
      for (let start = 0; start < value.length; start += MAX_CHUNK_BYTES) {
        const chunk = value.subarray(start, start + MAX_CHUNK_BYTES);
        context.countBytes(chunk.length);
        yield chunk;
      }
    }
  } finally {
    // Tells the source that nobody reads on; after the end, or after an error, there is nothing to tell.
    await reader.cancel().catch(() => undefined);
  }
}

/** The next chunk. Throws an UnreadableFileError where the file no longer gives its bytes. */
async function readOn(file: DataFile, reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (error) {
    throw unreadable(file.name, error);
  }
}

/** The first bytes of a file, at most `count`, for detection; `isWhole` when there are no more. */
export async function readHead(
  file: DataFile,
  count: number,
  signal: AbortSignal | undefined,
): Promise<{ bytes: Uint8Array; isWhole: boolean }> {
  const bytes = new Uint8Array(count);
  let length = 0;
  const reader = file.stream().getReader();
  try {
    while (length < count) {
      signal?.throwIfAborted();
      const { done, value } = await readOn(file, reader);
      if (done) return { bytes: bytes.subarray(0, length), isWhole: true };
      const part = value.subarray(0, count - length);
      bytes.set(part, length);
      length += part.length;
      if (part.length < value.length) break;
    }
    return { bytes, isWhole: false };
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
