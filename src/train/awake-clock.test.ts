import { describe, expect, it } from 'vitest';
import { AwakeClock } from './awake-clock.ts';

const HOUR = 3_600_000;

describe('AwakeClock', () => {
  it('leaves a sleep out, and nothing else', () => {
    const clock = new AwakeClock();
    const seen = [9000, 400, 420, 5000, 410, 3 * HOUR, 430, 2 * HOUR, 7 * HOUR, 400];
    expect(seen.map((ms) => clock.awake(ms))).toEqual([9000, 400, 420, 5000, 410, 420, 430, 420, 420, 400]);
  });

  it('believes steps of minutes where steps take minutes, and a first one of any length', () => {
    const slow = new AwakeClock();
    expect([HOUR, 90_000, 200_000, 30_000, 190_000].map((ms) => slow.awake(ms))).toEqual([
      HOUR,
      90_000,
      200_000,
      30_000,
      190_000,
    ]);
  });

  it('knows what was usual before a run was interrupted', () => {
    expect(new AwakeClock([400, 410, 390]).awake(HOUR)).toBe(400);
  });
});
