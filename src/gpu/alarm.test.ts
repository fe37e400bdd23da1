import { describe, expect, it } from 'vitest';
import { Alarm } from './alarm.ts';

const never = new Promise<never>(() => {});

describe('Alarm', () => {
  it('ends every wait with the first failure, and those that come later', async () => {
    const alarm = new Alarm<Error>();
    const waits = [alarm.guard(never), alarm.guard(never)];
    alarm.ring(new Error('first'));
    alarm.ring(new Error('second'));
    for (const wait of [...waits, alarm.guard(never), alarm.guard(Promise.reject(new Error('own')))])
      await expect(wait).rejects.toThrow('first');
    expect(alarm.failure?.message).toBe('first');
  });

  it('hands on what comes before it, and holds on to nothing of it', async () => {
    const alarm = new Alarm<Error>();
    expect(await alarm.guard(Promise.resolve(7))).toBe(7);
    await expect(alarm.guard(Promise.reject(new Error('own')))).rejects.toThrow('own');
    const waits = Array.from({ length: 1000 }, (_, i) => alarm.guard(Promise.resolve(i)));
    expect(alarm.waiting, 'while they wait (control)').toBe(1000);
    await Promise.all(waits);
    expect(alarm.waiting).toBe(0);
  });
});
