import { describe, expect, it } from 'vitest';
import { scheduledRate } from './schedule.ts';

describe('scheduledRate()', () => {
  const rates = (schedule: 'constant' | 'linear' | 'cosine', steps: number, warmup: number) =>
    Array.from({ length: steps }, (_, i) => scheduledRate(schedule, 1, i, steps, warmup));

  it('warms up from 0, as transformers does', () => {
    expect(rates('constant', 5, 2)).toEqual([0, 0.5, 1, 1, 1]);
  });
  it('falls linearly to 0 at the end', () => {
    expect(rates('linear', 6, 2)).toEqual([0, 0.5, 1, 0.75, 0.5, 0.25]);
  });
  it('falls as half a cosine', () => {
    const [a, b, c] = rates('cosine', 4, 0);
    expect(a).toBe(1);
    expect(b).toBeCloseTo(0.5 * (1 + Math.cos(Math.PI / 4)), 12);
    expect(c).toBeCloseTo(0.5, 12);
  });
  it('stays finite when warm-up takes all steps', () => {
    expect(rates('linear', 3, 3)).toEqual([0, 1 / 3, 2 / 3]);
  });
});
