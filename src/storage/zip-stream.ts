// Files that are made while they are written → one zip, made while it is written: in the 64-bit format where it has to be. Nothing
// is packed: weights do not compress.

import { ZipWriter } from '@zip.js/zip.js';
import type { StreamedFile } from '../model/streamed-file.ts';

/** No workers: this is one. The earliest date that a zip can hold: the same files always give the same bytes. */
const OPTIONS = {
  useWebWorkers: false,
  level: 0,
  extendedTimestamp: false,
  lastModDate: new Date(1980, 0, 1),
} as const;

/** Throws what a file throws that cannot be made. */
export async function* zipStream(files: readonly StreamedFile[]): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const zip = new ZipWriter(writable, OPTIONS);
  const writing = (async () => {
    for (const file of files) await zip.add(file.name, { readable: streamOf(file.chunks()), size: file.size });
    await zip.close();
  })();
  writing.catch((error) => writable.abort(error).catch(() => {}));
  // Safari's ReadableStream cannot be iterated.
  const reader = readable.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    await writing;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
