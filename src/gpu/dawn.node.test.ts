import { expect, it, vi } from 'vitest';
import { openDawn } from './dawn.node.ts';

it('waits end without a question in every turn of the event loop', async () => {
  const adapter = await openDawn().requestAdapter();
  const device = await adapter!.requestDevice();
  const inEveryTurn = vi.spyOn(globalThis, 'setImmediate');
  try {
    const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(buffer, 0, Uint32Array.of(1, 2, 3, 4));
    await device.queue.onSubmittedWorkDone();
    device.pushErrorScope('validation');
    expect(await device.popErrorScope()).toBeNull();
    await buffer.mapAsync(GPUMapMode.READ);
    expect([...new Uint32Array(buffer.getMappedRange())]).toEqual([1, 2, 3, 4]);
    expect(inEveryTurn).not.toHaveBeenCalled();
  } finally {
    inEveryTurn.mockRestore();
    device.destroy();
  }
});
