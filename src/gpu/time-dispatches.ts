// How long each dispatch of a pass takes: by timestamp queries where the device has them, else with a submit and a wait for
// each, which adds what a submit costs. For benchmarks.

import type { Device } from './device.ts';

export interface Timed {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: readonly [number, number, number];
}

/** Two queries a dispatch; a query set holds 4,096. */
const PER_SET = 2048;

/** Milliseconds of each, in order. Dispatches run one after the other, as they stand in the pass. */
export async function timeDispatches(
  device: Device,
  dispatches: readonly Timed[],
): Promise<{ readonly ms: readonly number[]; readonly by: 'timestamps' | 'waits' }> {
  await device.gpu.queue.onSubmittedWorkDone();
  if (device.gpu.features.has('timestamp-query')) {
    const ms: number[] = [];
    for (let begin = 0; begin < dispatches.length; begin += PER_SET)
      ms.push(...(await byTimestamps(device, dispatches.slice(begin, begin + PER_SET))));
    // A driver may say that it has them and give zeros.
    if (ms.some((t) => t > 0)) return { ms, by: 'timestamps' };
  }
  return { ms: await byWaits(device, dispatches), by: 'waits' };
}

async function byTimestamps(device: Device, dispatches: readonly Timed[]): Promise<number[]> {
  const { gpu } = device;
  const count = 2 * dispatches.length;
  const querySet = gpu.createQuerySet({ type: 'timestamp', count });
  const resolved = await device.allocate(
    'timestamps',
    8 * count,
    GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  );
  const staging = await device.allocate('timestamps', 8 * count, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  try {
    for (const [i, dispatch] of dispatches.entries()) {
      const encoder = gpu.createCommandEncoder({ label: 'timed' });
      const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
      encode(encoder.beginComputePass({ timestampWrites }), dispatch);
      gpu.queue.submit([encoder.finish()]);
    }
    const encoder = gpu.createCommandEncoder({ label: 'timestamps' });
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
    gpu.queue.submit([encoder.finish()]);
    await device.guard(staging.mapAsync(GPUMapMode.READ));
    const times = new BigUint64Array(staging.getMappedRange().slice(0));
    return dispatches.map((_, i) => Math.max(0, Number(times[2 * i + 1]! - times[2 * i]!) / 1e6));
  } finally {
    querySet.destroy();
    resolved.destroy();
    staging.destroy();
  }
}

async function byWaits({ gpu }: Device, dispatches: readonly Timed[]): Promise<number[]> {
  const ms: number[] = [];
  for (const dispatch of dispatches) {
    const encoder = gpu.createCommandEncoder({ label: 'timed' });
    encode(encoder.beginComputePass(), dispatch);
    const began = performance.now();
    gpu.queue.submit([encoder.finish()]);
    await gpu.queue.onSubmittedWorkDone();
    ms.push(performance.now() - began);
  }
  return ms;
}

function encode(pass: GPUComputePassEncoder, { pipeline, group, grid }: Timed): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...grid);
  pass.end();
}
