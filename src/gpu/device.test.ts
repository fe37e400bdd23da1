import { expect, it, vi } from 'vitest';
import { openDawn } from './dawn.node.ts';
import { Device, GpuFaultError } from './device.ts';

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

it('an error that no scope has caught ends what waits, and is the fault of the device from then on', async () => {
  const device = await Device.open(gpu);
  try {
    const waiting = expect(device.guard(new Promise<never>(() => {}))).rejects.toThrow(
      'Cannot go on: the GPU reported',
    );
    // Of no known usage.
    device.gpu.createBuffer({ label: 'mistaken', size: 4, usage: 0xffff });
    // Dawn tells of errors when it is asked for something.
    await device.gpu.queue.onSubmittedWorkDone();
    await waiting;
    expect(device.fault).toBeInstanceOf(GpuFaultError);
    await expect(device.guard(Promise.resolve(1))).rejects.toThrow('the GPU reported');
  } finally {
    device.destroy();
  }
});

it('an error that a scope catches is no fault', async () => {
  const device = await Device.open(gpu);
  try {
    await expect(device.allocate('mistaken', 4, 0xffff)).rejects.toThrow('Cannot allocate "mistaken"');
    await device.gpu.queue.onSubmittedWorkDone();
    expect(device.fault).toBeUndefined();
  } finally {
    device.destroy();
  }
});
