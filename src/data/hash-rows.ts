// SHA-256 over everything that is trained on: each row's length, ids and mask, in order. Binds a run to its data.
import { createReadContext } from './read-context.ts';
import type { TokenRow } from './types.ts';

/** WebCrypto digests whole buffers only; larger datasets are digested in parts, and then the digests. */
const PART_BYTES = 8 * 1024 * 1024;

/** Hexadecimal. */
export async function hashRows(rows: readonly TokenRow[]): Promise<string> {
  const { breathe } = createReadContext(0);
  const digests: ArrayBuffer[] = [];
  let end = 0;
  let bytes: number;
  // A part that is full is followed by another one, though it may be empty.
  do {
    const first = end;
    bytes = 0;
    while (end < rows.length && bytes < PART_BYTES) bytes += rowBytes(rows[end++]!);
    const part = new Uint8Array(bytes);
    for (let i = first, at = 0; i < end; at += rowBytes(rows[i++]!)) {
      packRow(rows[i]!, part, at);
      await breathe();
    }
    digests.push(await crypto.subtle.digest('SHA-256', part));
  } while (bytes >= PART_BYTES);
  const all = new Uint8Array(await new Blob(digests).arrayBuffer());
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const rowBytes = ({ ids, mask }: TokenRow) => 4 + ids.byteLength + mask.length;

function packRow({ ids, mask }: TokenRow, part: Uint8Array<ArrayBuffer>, at: number): void {
  new DataView(part.buffer).setUint32(at, ids.length, true);
  part.set(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength), at + 4);
  part.set(mask, at + 4 + ids.byteLength);
}
