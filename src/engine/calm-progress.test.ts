import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { calmProgress } from './calm-progress.ts';
import type { Progress } from './protocol.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('calmProgress() tells the first and the last of everything, and four a second between', () => {
  const told: string[] = [];
  const say = calmProgress(({ what, done }: Progress) => told.push(`${what} ${done}`));
  for (const what of ['reading', 'cutting']) {
    for (let done = 0; done <= 1000; done++) {
      say({ what, done, total: 1000, unit: 'rows' });
      vi.advanceTimersByTime(1);
    }
  }
  expect(told).toEqual(
    ['reading', 'cutting'].flatMap((what) => [0, 250, 500, 750, 1000].map((done) => `${what} ${done}`)),
  );
});
