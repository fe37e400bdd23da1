import { describe, expect, it } from 'vitest';
import { hashRows } from './hash-rows.ts';
import { packRows, unpackRows } from './pack-rows.ts';

const rows = [[1, 2, 3], [], [7], [4, 5]].map((ids, i) => ({
  file: 'a.jsonl',
  line: i + 1,
  ids: Int32Array.from(ids),
  mask: Uint8Array.from(ids, (id) => id % 2),
}));

describe('packRows()', () => {
  it('comes back as the same rows with the same hash', async () => {
    const back = unpackRows(packRows(rows), 'a.jsonl');
    expect(back).toEqual(rows);
    expect(await hashRows(back)).toBe(await hashRows(rows));
  });

  it('refuses lengths that do not add up', () => {
    const packed = packRows(rows);
    expect(() => unpackRows({ ...packed, lengths: Uint32Array.of(3, 9) }, 'a')).toThrow(
      'Cannot read the kept rows: found 6 ids and 6 masks, need 12',
    );
  });
});
