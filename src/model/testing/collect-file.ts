import type { StreamedFile } from '../streamed-file.ts';

/** All bytes of a file that is known to be small. Throws when it is not as long as it says. */
export async function collectFile(file: StreamedFile): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(file.size);
  let at = 0;
  for await (const chunk of file.chunks()) {
    out.set(chunk, at);
    at += chunk.length;
  }
  if (at !== file.size) throw new RangeError(`Cannot collect "${file.name}": found ${at} bytes, need ${file.size}`);
  return out;
}
