import { expect, test } from 'vitest';
import { LEVELS, lossLevel } from './loss-level.ts';
import { words } from './words.ts';

test('each number of the legend lies in its own step, and what is no number in none', () => {
  expect(words.legendSteps.map((step) => lossLevel(Number(step)))).toEqual([0, 1, 2, 3, 4, 5]);
  expect(words.legendSteps.length).toBe(LEVELS);
  expect([Number.NaN, undefined, Number.POSITIVE_INFINITY].map(lossLevel)).toEqual([undefined, undefined, undefined]);
});
