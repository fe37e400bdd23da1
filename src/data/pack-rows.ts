// Token rows as three arrays: what storage keeps of a dataset, so that a run can go on without its files. Where a row came
// from is not kept; the rows' hash is the same.
import type { TokenRow } from './types.ts';

export interface PackedRows {
  readonly lengths: Uint32Array;
  /** All rows one after another. */
  readonly ids: Int32Array;
  readonly mask: Uint8Array;
}

export function packRows(rows: readonly TokenRow[]): PackedRows {
  const lengths = Uint32Array.from(rows, (row) => row.ids.length);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const packed = { lengths, ids: new Int32Array(tokens), mask: new Uint8Array(tokens) };
  let at = 0;
  for (const { ids, mask } of rows) {
    packed.ids.set(ids, at);
    packed.mask.set(mask, at);
    at += ids.length;
  }
  return packed;
}

/** Views into the packed arrays. Throws when the lengths do not add up. */
export function unpackRows({ lengths, ids, mask }: PackedRows, file: string): TokenRow[] {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  if (tokens !== ids.length || tokens !== mask.length)
    throw new RangeError(`Cannot read the kept rows: found ${ids.length} ids and ${mask.length} masks, need ${tokens}`);
  let end = 0;
  return Array.from(lengths, (length, row) => {
    end += length;
    return { file, line: row + 1, ids: ids.subarray(end - length, end), mask: mask.subarray(end - length, end) };
  });
}
