import { expect, test } from 'vitest';
import fc from '../testing/fast-check.ts';
import { findRepeats, groupRepeats, splitValidation } from './split-validation.ts';

test('splitValidation() parts all rows, holds back about the share, at least one and never all', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 200 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      (count, share, seed) => {
        const { train, validation } = splitValidation(count, share, seed);
        expect([...train, ...validation].sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
        const wanted = share === 0 ? 0 : Math.max(1, Math.round(count * share));
        expect(validation.length).toBe(Math.min(wanted, Math.max(0, count - 1)));
        expect(splitValidation(count, share, seed)).toEqual({ train, validation });
      },
    ),
  );
});

test('splitValidation() never has rows that repeat each other on both sides', () => {
  const groups = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(groups, fc.nat(), (list, seed) => {
      const { train, validation } = splitValidation(list.length, 0.3, seed, list);
      const held = new Set([...validation].map((row) => list[row]));
      expect([...train].some((row) => held.has(list[row]!))).toBe(false);
      expect(train.length).toBeGreaterThan(0);
    }),
  );
});

test('splitValidation() chooses other rows for another seed', () => {
  expect(splitValidation(100, 0.1, 1).validation).not.toEqual(splitValidation(100, 0.1, 2).validation);
});

test('groupRepeats() finds rows with the same ids and mask', () => {
  const row = (ids: number[], mask: number[]) => ({
    file: 'x',
    line: 1,
    ids: Int32Array.from(ids),
    mask: Uint8Array.from(mask),
  });
  const rows = [row([1, 2], [0, 1]), row([1, 2], [0, 0]), row([1, 2], [0, 1]), row([12], [0]), row([1, 2], [0, 0])];
  expect([...groupRepeats(rows)]).toEqual([0, 1, 0, 3, 1]);
});

test('findRepeats() breathes between rows, and leaves groupRepeats() nothing to do', async () => {
  const ids = Int32Array.of(1, 2);
  const rows = Array.from({ length: 50 }, () => ({ file: 'x', line: 1, ids, mask: Uint8Array.of(0, 1) }));
  let breaths = 0;
  await findRepeats(rows, { breathe: async () => void breaths++ });
  expect(breaths).toBe(rows.length);
  const groups = groupRepeats(rows);
  expect([...groups]).toEqual(new Array(rows.length).fill(0));
  expect(groupRepeats(rows), 'one array of rows is gone through once').toBe(groups);
  expect(groupRepeats([...rows]), 'and another one anew').not.toBe(groups);
});
