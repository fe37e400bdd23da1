import { describe, expect, it } from 'vitest';
import { GpuTurns } from './gpu-turns.ts';
import { SharedTurn } from './shared-turn.ts';

/** Lets everything that is ready go on. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

describe('SharedTurn', () => {
  it('is held by several together, and given away when all of them are between two steps', async () => {
    const turns = new GpuTurns();
    const shared = new SharedTurn(turns);
    const told: string[] = [];
    await Promise.all([shared.enter(), shared.enter()]);
    const guest = turns.take().then((turn) => {
      told.push('guest');
      return turn;
    });
    await settle();
    expect(shared.isWanted).toBe(true);
    shared.leave();
    // Comes back while the other is still in its step: waits, else the guest would never have its turn.
    const back = shared.enter().then(() => told.push('first'));
    await settle();
    expect(told).toEqual([]);
    shared.leave();
    const other = shared.enter().then(() => told.push('second'));
    const turn = await guest;
    await settle();
    expect(told).toEqual(['guest']);
    turn.end();
    await Promise.all([back, other]);
    expect(told).toEqual(['guest', 'first', 'second']);
    expect(shared.isWanted).toBe(false);
  });

  it('lets one go on while another is away, and is free when none is left', async () => {
    const turns = new GpuTurns();
    const shared = new SharedTurn(turns);
    await shared.enter();
    await shared.enter();
    shared.leave();
    await shared.enter();
    shared.leave();
    shared.leave();
    const turn = await turns.take();
    const waits = shared.enter();
    turn.end();
    await waits;
    shared.leave();
    (await turns.take()).end();
  });
});
