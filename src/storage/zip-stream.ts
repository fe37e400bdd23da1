// Files that are made while they are written → one zip, made while it is written. Nothing is packed: weights do not compress.

import { Zip, ZipPassThrough } from 'fflate';
import type { StreamedFile } from '../model/streamed-file.ts';

/** Beyond it a zip needs a format that fflate does not write. */
const MAX_ZIP_BYTES = 2 ** 32 - 2 ** 20;

/** Throws a RangeError when the files do not fit into a zip. */
export async function* zipStream(files: readonly StreamedFile[]): AsyncGenerator<Uint8Array> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > MAX_ZIP_BYTES)
    throw new RangeError(
      `Cannot write a zip of ${total} bytes, need at most ${MAX_ZIP_BYTES}; the command line writes a folder`,
    );
  let made: Uint8Array[] = [];
  let problem: Error | null = null;
  const zip = new Zip((error, chunk) => {
    problem ??= error;
    made.push(chunk);
  });
  const taken = () => {
    if (problem) throw problem;
    const chunks = made;
    made = [];
    return chunks;
  };
  for (const file of files) {
    const entry = new ZipPassThrough(file.name);
    // The earliest date that a zip can hold: the same files always give the same bytes.
    entry.mtime = new Date(1980, 0, 1);
    zip.add(entry);
    for await (const chunk of file.chunks()) {
      entry.push(chunk);
      yield* taken();
    }
    entry.push(new Uint8Array(), true);
    yield* taken();
  }
  zip.end();
  yield* taken();
}
