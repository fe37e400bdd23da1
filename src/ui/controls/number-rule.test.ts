import { expect, test } from 'vitest';
import { type NumberRule, nearestStop, nextStop, numberText, rangeText, readNumber } from './number-rule.ts';

const rank: NumberRule = { name: 'Rank', hint: '', min: 1, max: 256, stops: [1, 2, 4, 8, 16], whole: true };
const share: NumberRule = { name: 'Held back', hint: '', min: 0, max: 0.5, stops: [0, 0.1, 0.5], percent: true };

test('readNumber() takes what the range allows and says the range otherwise', () => {
  expect(readNumber(rank, '12')).toEqual({ value: 12, problem: undefined });
  expect(readNumber(rank, '1e2').value).toBe(100);
  expect(readNumber(rank, '2.5').problem).toBe('A whole number from 1 to 256');
  expect(readNumber(rank, '999').problem).toBe('Has to be from 1 to 256');
  expect(readNumber(rank, '').problem).toBe('A number from 1 to 256');
});

test('readNumber() reads percent as a share', () => {
  expect(readNumber(share, '10').value).toBe(0.1);
  expect(readNumber(share, '60').problem).toBe('Has to be from 0 to 50 %');
});

test('arrow keys go from stop to stop, also from between two', () => {
  expect([nextStop(rank, 8, 1), nextStop(rank, 8, -1), nextStop(rank, 5, 1), nextStop(rank, 16, 1)]).toEqual([
    16, 4, 8, 16,
  ]);
  expect(nearestStop(rank, 5)).toBe(2);
});

test('a field shows all of a number, and what it shows is read back as the same', () => {
  const rate: NumberRule = { name: 'Learning rate', hint: '', min: 1e-9, max: 1, stops: [] };
  const texts = [0.004, 2e-4, 0.000001, 1e-7, 1.23456789e-5, 0.000123456789012, 0.1 + 0.2].map((v) =>
    numberText(rate, v),
  );
  expect(texts).toEqual(['0.004', '0.0002', '1e-6', '1e-7', '1.23456789e-5', '0.000123456789012', '0.3']);
  for (const text of texts) expect(numberText(rate, readNumber(rate, text).value!)).toBe(text);
  expect([0.07, 0.29, 1 / 3].map((v) => numberText(share, v))).toEqual(['7', '29', '33.3333333333']);
});

test('a range says what may be typed and what is usual', () => {
  const rule = { name: 'x', hint: '', min: 1, max: 4096, stops: [] };
  expect(rangeText(rule)).toBe('1 to 4,096');
  expect(rangeText({ ...rule, min: 0, max: 0.5, usual: 0.1, percent: true })).toBe('0 to 50 %, default 10 %');
  expect(rangeText({ ...rule, min: 1e-7, max: 0.1, usual: 1e-3 })).toBe('1e-7 to 0.1, default 0.001');
});
