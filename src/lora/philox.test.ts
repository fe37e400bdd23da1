import { describe, expect, it } from 'vitest';
import { philox4x32, toUnit } from './philox.ts';

describe('philox4x32()', () => {
  // The known-answer tests of the Random123 library (kat_vectors, philox4x32 10).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('counter %j, key %j gives the published words', (counter, key, words) => {
    expect(philox4x32(counter, key)).toEqual(words);
  });

  it('gives other words for every bit of counter and key that changes (control)', () => {
    const seen = new Set([philox4x32([0, 0, 0, 0], [0, 0]).join()]);
    for (let bit = 0; bit < 192; bit++) {
      const words = Array.from({ length: 6 }, (_, i) => (i === bit >> 5 ? (1 << (bit & 31)) >>> 0 : 0));
      const [a, b, c, d, e, f] = words as [number, number, number, number, number, number];
      seen.add(philox4x32([a, b, c, d], [e, f]).join());
    }
    expect(seen.size).toBe(193);
  });

  it('toUnit() stays inside (0, 1) and is even on average', () => {
    expect([toUnit(0), toUnit(0xffffffff)]).toEqual([2 ** -25, 1 - 2 ** -25]);
    const count = 4096;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += toUnit(philox4x32([i, 0, 0, 0], [1, 2])[0]);
    // Four standard deviations of a mean of uniform numbers: 4 / sqrt(12 · 4096).
    expect(Math.abs(sum / count - 0.5)).toBeLessThan(0.018);
  });
});
