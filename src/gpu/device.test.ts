import { expect, it, vi } from 'vitest';
import { openDawn } from './dawn.node.ts';
import { Device } from './device.ts';

const gpu = openDawn();

it('a wait without end is a fault, and a sleep of any length is not the end of patience', async () => {
  const device = await Device.open(gpu, { patienceMs: 60_000 });
  const ticks: (() => void)[] = [];
  vi.spyOn(globalThis, 'setInterval').mockImplementation((tick) => {
    ticks.push(tick as () => void);
    return 0 as never;
  });
  try {
    let answer = (_: number) => {};
    const answered = device.guard(
      new Promise<number>((resolve) => {
        answer = resolve;
      }),
    );
    // However late it comes: after hours of sleep the timer fires once.
    ticks[0]!();
    answer(7);
    expect(await answered).toBe(7);
    expect(device.fault).toBeUndefined();

    const waiting = device.guard(new Promise<never>(() => {}));
    for (let part = 0; part < 5; part++) ticks[1]!();
    expect(device.fault).toBeUndefined();
    ticks[1]!();
    await expect(waiting).rejects.toThrow('the GPU did not answer within 60 s');
    expect(device.fault).toBeDefined();
  } finally {
    vi.restoreAllMocks();
    device.destroy();
  }
});
