import { expect, test } from 'vitest';
import { bytes, clock, count, parameters, plural, rate, rateOf } from './format.ts';

test('bytes() keeps two or three digits and always a unit', () => {
  expect([0, 999, 1000, 6_030_000, 143_000_000, 999_600_000, 2_147_483_648].map(bytes)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.0 kB',
    '6.0 MB',
    '143 MB',
    '1.0 GB',
    '2.1 GB',
  ]);
});

test('clock() turns into hours after sixty minutes', () => {
  expect([400, 42_000, 250_000, 3_850_000].map(clock)).toEqual(['0:00', '0:42', '4:10', '1:04:10']);
});

test('parameters() counts in k, M and B', () => {
  expect([512, 61_440, 5_760_000, 134_515_008, 1_700_000_000].map(parameters)).toEqual([
    '512',
    '61 k',
    '5.8 M',
    '135 M',
    '1.7 B',
  ]);
});

test('rateOf() writes small numbers by their power of ten', () => {
  expect([0.001, 0.000_25, 0.02, 0, 1 / 3000].map(rateOf)).toEqual(['1e-3', '2.5e-4', '0.02', '0', '3.33e-4']);
});

test('counts carry their word and thousands their comma', () => {
  expect([plural(1, 'row'), plural(1204, 'row'), count(3120.4), rate(12.345), rate(3120)]).toEqual([
    '1 row',
    '1,204 rows',
    '3,120',
    '12.3',
    '3,120',
  ]);
});
