import { describe, expect, it } from 'vitest';
import { perplexity, wilson } from './intervals.ts';

describe('wilson()', () => {
  // Newcombe (1998), Statistics in Medicine 17:857, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('gives the published interval of %i in %i', (hits, n, low, high) => {
    const interval = wilson(hits, n);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it('knows nothing of nothing', () => {
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe('perplexity()', () => {
  it('is the exponential of the mean loss a token, whatever rows they lie in', () => {
    const rows = [
      { lossSum: 2, tokens: 1 },
      { lossSum: 4, tokens: 5 },
    ];
    expect(perplexity(rows).value).toBeCloseTo(Math.E, 12);
  });

  it('is certain when all rows agree, and less the more they differ', () => {
    const same = Array.from({ length: 30 }, () => ({ lossSum: 10, tokens: 10 }));
    expect(perplexity(same)).toEqual({ value: Math.E, low: Math.E, high: Math.E });
    const spread = (by: number) => {
      const { low, high } = perplexity(same.map((row, i) => ({ ...row, lossSum: 10 + (i % 2 ? by : -by) })));
      return high - low;
    };
    expect(spread(4)).toBeGreaterThan(2 * spread(1));
  });

  it('holds the truth in about 95 of 100 samples', () => {
    let state = 7;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state >>> 0) / 2 ** 32;
    };
    let held = 0;
    for (let sample = 0; sample < 200; sample++) {
      const rows = Array.from({ length: 60 }, () => ({ lossSum: 8 * (random() + random()), tokens: 8 }));
      const { low, high } = perplexity(rows);
      if (low <= Math.E && Math.E <= high) held++;
    }
    expect(held / 200).toBeGreaterThan(0.9);
    expect(held / 200).toBeLessThan(0.99);
  });
});
