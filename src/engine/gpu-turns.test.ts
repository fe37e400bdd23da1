import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { GpuTurns } from './gpu-turns.ts';

describe('GpuTurns', () => {
  it('gives one turn at a time, in the order asked for', async () => {
    const turns = new GpuTurns();
    const seen: string[] = [];
    const work = (name: string) =>
      turns.during(async () => {
        seen.push(`${name} begins`);
        await sleep(5);
        seen.push(`${name} ends`);
      });
    await Promise.all([work('a'), work('b'), work('c')]);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('goes on after work that throws', async () => {
    const turns = new GpuTurns();
    await expect(turns.during(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await turns.during(async () => 'next')).toBe('next');
  });

  it('is over when someone waits and it has lasted as long as it was waited for', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const turns = new GpuTurns();
      const step = await turns.take();
      const asked = turns.take();
      expect(turns.isWanted).toBe(true);
      vi.advanceTimersByTime(400);
      step.end();
      const answer = await asked;
      expect(turns.isWanted).toBe(false);
      const nextStep = turns.take();
      vi.advanceTimersByTime(399);
      expect(answer.isOver, 'it waited for 400 ms').toBe(false);
      vi.advanceTimersByTime(1);
      expect(answer.isOver).toBe(true);
      answer.end();
      const alone = await nextStep;
      vi.advanceTimersByTime(1000);
      expect(alone.isOver, 'nobody waits').toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});
