// SHA-256 over everything that is trained on: each row's length, ids and mask, in order. Binds a run to its data.
import type { TokenRow } from './types.ts';

/** WebCrypto digests whole buffers only; larger datasets are digested in parts, and then the digests. */
const PART_BYTES = 8 * 1024 * 1024;

/** Hexadecimal. */
export async function hashRows(rows: readonly TokenRow[]): Promise<string> {
  const digests: Uint8Array[] = [];
  let part: Uint8Array[] = [];
  let partBytes = 0;
  const flush = async () => {
    digests.push(await digest(part, partBytes));
    part = [];
    partBytes = 0;
  };
  for (const { ids, mask } of rows) {
    const idBytes = new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
    for (const bytes of [new Uint8Array(Uint32Array.of(ids.length).buffer), idBytes, mask]) {
      part.push(bytes);
      partBytes += bytes.length;
    }
    if (partBytes >= PART_BYTES) await flush();
  }
  await flush();
  const hash = await digest(digests, digests.length * 32);
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function digest(parts: readonly Uint8Array[], totalBytes: number): Promise<Uint8Array> {
  const whole = new Uint8Array(totalBytes);
  let offset = 0;
  for (const bytes of parts) {
    whole.set(bytes, offset);
    offset += bytes.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
}
