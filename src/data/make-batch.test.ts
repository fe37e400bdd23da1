import { expect, test } from 'vitest';
import fc from '../testing/fast-check.ts';
import { batchColumns, makeBatch, trainedLength, worstColumns } from './make-batch.ts';
import type { TokenRow } from './types.ts';

const rowOf = (ids: number[], mask: number[]): TokenRow => ({
  file: 'x',
  line: 1,
  ids: Int32Array.from(ids),
  mask: Uint8Array.from(mask),
});

test('makeBatch() lays rows side by side as the drawing in its header says', () => {
  const batch = makeBatch([rowOf([4, 5], [0, 1]), rowOf([7, 8, 9], [0, 1, 1])], [1, 0], 7);
  expect([...batch.ids]).toEqual([7, 8, 9, 4, 5, 0, 0]);
  expect([...batch.positions]).toEqual([0, 1, 2, 0, 1, 0, 0]);
  expect([...batch.segmentStart]).toEqual([0, 0, 0, 3, 3, 5, 6]);
  expect([...batch.segmentEnd]).toEqual([3, 3, 3, 5, 5, 6, 7]);
  expect([...batch.targetColumns.subarray(0, batch.supervised)]).toEqual([0, 1, 3]);
  expect([...batch.targetIds.subarray(0, batch.supervised)]).toEqual([8, 9, 5]);
  expect([batch.columns, batch.tokens, batch.supervised, batch.rows]).toEqual([7, 5, 3, [1, 0]]);
});

test('makeBatch() with trainedLength() leaves out what no loss depends on, and keeps every target', () => {
  const rows = [rowOf([7, 8, 9, 3], [0, 1, 1, 0]), rowOf([4, 5], [0, 1]), rowOf([6, 6], [0, 0])];
  expect(rows.map(trainedLength)).toEqual([2, 1, 1]);
  const batch = makeBatch(rows, [0, 1, 2], 16, trainedLength);
  expect([...batch.ids.subarray(0, 4)]).toEqual([7, 8, 4, 6]);
  expect([...batch.segmentEnd.subarray(0, 4)]).toEqual([2, 2, 3, 4]);
  expect([...batch.targetIds.subarray(0, batch.supervised)]).toEqual([8, 9, 5]);
  expect(batch.tokens).toBe(4);
});

const anyRow = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 0, max: 1 })), { minLength: 1, maxLength: 20 })
  .map((tokens) =>
    rowOf(
      tokens.map(([id]) => id),
      tokens.map(([, bit]) => bit),
    ),
  );

test('makeBatch() never splits a row, never looks across rows, and aligns each target with its column', () => {
  fc.assert(
    fc.property(fc.array(anyRow, { minLength: 1, maxLength: 6 }), (rows) => {
      const columns = batchColumns(rows.map((row) => row.ids.length));
      const batch = makeBatch(rows, [...rows.keys()], columns);
      expect(columns % 16).toBe(0);
      let start = 0;
      const expected: [number, number][] = [];
      for (const row of rows) {
        expect([...batch.ids.subarray(start, start + row.ids.length)]).toEqual([...row.ids]);
        for (let i = 0; i < row.ids.length; i++) {
          expect(batch.segmentStart[start + i]).toBe(start);
          expect(batch.segmentEnd[start + i]).toBe(start + row.ids.length);
          expect(batch.positions[start + i]).toBe(i);
          // The first token of a row has nothing before it, whatever its mask says.
          if (i > 0 && row.mask[i] === 1) expected.push([start + i - 1, row.ids[i]!]);
        }
        start += row.ids.length;
      }
      const targets = Array.from({ length: batch.supervised }, (_, n) => [batch.targetColumns[n], batch.targetIds[n]]);
      expect(targets).toEqual(expected);
      for (let column = start; column < columns; column++)
        expect([batch.ids[column], batch.segmentStart[column], batch.segmentEnd[column]]).toEqual([
          0,
          column,
          column + 1,
        ]);
    }),
  );
});

test('makeBatch() says what does not fit', () => {
  const rows = [rowOf([1, 2, 3], [0, 1, 1])];
  expect(() => makeBatch(rows, [0, 0], 4)).toThrow('Cannot make a batch of 6 tokens: it has 4 columns');
  expect(() => makeBatch(rows, [1], 4)).toThrow('Cannot make a batch with row 1: the dataset has 1');
});

test('worstColumns() holds every batch of every order', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 8 }), (list, batchSize) => {
      const columns = worstColumns(list, batchSize);
      for (let first = 0; first < list.length; first += batchSize)
        expect(batchColumns(list.slice(first, first + batchSize))).toBeLessThanOrEqual(columns);
      expect(columns).toBe(batchColumns([...list].sort((a, b) => b - a).slice(0, batchSize)));
    }),
  );
});
