// Splitting many rows lets others have their turn, and gives what splitting them at once gives.

import { expect, test } from 'vitest';
import { createRandom, shuffle } from '../data/random.ts';
import { findSplit, splitRows } from './split-rows.ts';

const mask = Uint8Array.of(0, 1);
/** Every row of the second half repeats one of the first. */
const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ file: 'x', line: i, ids: Int32Array.of(7, i % (count / 2)), mask }));

test('findSplit() of many rows breathes as it goes, and gives what splitRows() gives', async () => {
  const rows = rowsOf(100_000);
  for (const validationSplit of [0, 0.1]) {
    const settings = { validationSplit, seed: 5 };
    const atOnce = splitRows([...rows], settings);
    const repeats = [...rows];
    // The repeats are found once: what is counted is the splitting.
    splitRows(repeats, { validationSplit: 0.5, seed: 1 });
    let breaths = 0;
    const split = await findSplit(repeats, settings, { breathe: async () => void breaths++ });
    expect(split).toEqual(atOnce);
    expect(atOnce.validation.length).toBe(validationSplit * rows.length);
    // Their groups, the shuffle and the sides, a piece at a time.
    expect(breaths).toBeGreaterThan(rows.length / 16384 + 6);
    expect(splitRows(repeats, settings).train, 'it is known then').toBe(split.train);
    expect(splitRows(repeats, { ...settings, seed: 6 }).validation).not.toBe(split.validation);
  }
});

test('the rows that a seed holds back are those that it always has', () => {
  const { train, validation } = splitRows(rowsOf(40), { validationSplit: 0.2, seed: 3 });
  expect([...train, ...validation].sort((a, b) => a - b)).toEqual([...Array(40).keys()]);
  expect(validation).toEqual([0, 4, 7, 14, 20, 24, 27, 34]);
  expect([...shuffle(Uint32Array.from(Array(10).keys()), createRandom(3, 2))]).toEqual([5, 0, 3, 8, 1, 9, 7, 6, 2, 4]);
});
