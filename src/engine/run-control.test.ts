import { describe, expect, it } from 'vitest';
import { RunControl } from './run-control.ts';

describe('RunControl', () => {
  it('holds a paused run until it is resumed, and says so once', async () => {
    const states: string[] = [];
    const control = new RunControl((state) => states.push(state));
    control.set('running');
    control.pause();
    let passed = false;
    const waiting = control.waitWhilePaused().then(() => {
      passed = true;
    });
    await Promise.resolve();
    expect(passed).toBe(false);
    control.set('running');
    control.resume();
    await waiting;
    expect(states).toEqual(['running', 'paused', 'running']);
  });

  it('lets a paused run go when it is stopped', async () => {
    const control = new RunControl(() => {});
    control.pause();
    control.stop();
    await control.waitWhilePaused();
    expect(control.signal.aborted).toBe(true);
  });
});
