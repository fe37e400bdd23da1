// SHA-256 over everything that is trained on: each row's length, ids and mask, in order. Binds a run to its data.
import type { TokenRow } from './types.ts';

/** WebCrypto digests whole buffers only; larger datasets are digested in parts, and then the digests. */
const PART_BYTES = 8 * 1024 * 1024;

/** Hexadecimal. */
export async function hashRows(rows: readonly TokenRow[]): Promise<string> {
  const digests: ArrayBuffer[] = [];
  let end = 0;
  let bytes: number;
  // A part that is full is followed by another one, though it may be empty.
  do {
    const first = end;
    bytes = 0;
    while (end < rows.length && bytes < PART_BYTES) bytes += rowBytes(rows[end++]!);
    digests.push(await crypto.subtle.digest('SHA-256', packRows(rows, first, end, bytes)));
  } while (bytes >= PART_BYTES);
  const all = new Uint8Array(await new Blob(digests).arrayBuffer());
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const rowBytes = ({ ids, mask }: TokenRow) => 4 + ids.byteLength + mask.length;

function packRows(rows: readonly TokenRow[], first: number, end: number, bytes: number): Uint8Array<ArrayBuffer> {
  const part = new Uint8Array(bytes);
  const numbers = new DataView(part.buffer);
  let at = 0;
  for (let i = first; i < end; i++) {
    const { ids, mask } = rows[i]!;
    numbers.setUint32(at, ids.length, true);
    part.set(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength), at + 4);
    part.set(mask, at + 4 + ids.byteLength);
    at += rowBytes(rows[i]!);
  }
  return part;
}
