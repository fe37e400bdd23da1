// What a device can do at best: arithmetic and memory rates, in a fraction of a second each. `graft doctor` prints them,
// and benchmarks give a kernel's speed as a share of them, so that figures of different machines can be compared.

import type { Device } from './device.ts';
import { grid1d } from './grid.ts';
import { packParams, type ShaderRef } from './shader.ts';

/** A measurement starts when one takes this long, so that submitting and reading back do not count. */
const ENOUGH_MS = 25;
/** No measurement starts later than this after the first. */
const BUDGET_MS = 200;

/** f32 multiply-adds: FLOP per second, two each, by eight chains with four links a turn. */
export async function measureFma(device: Device): Promise<number> {
  return await measureChains(device, 8, 4);
}

/** The same by a plain loop: one link a turn of eight or of sixteen chains, whichever is faster. */
export async function measurePlainFma(device: Device): Promise<number> {
  return Math.max(await measureChains(device, 8, 1), await measureChains(device, 16, 1));
}

async function measureChains(device: Device, CHAINS: 8 | 16, LINKS: 1 | 4): Promise<number> {
  const isCpu = device.traits.kind === 'cpu';
  const invocations = isCpu ? 4096 : 1 << 18;
  const WG = isCpu ? 8 : 64;
  const out = await device.allocate('fma rate', 16 * invocations, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC);
  try {
    const shader = { file: 'fma-rate', constants: { CHAINS, LINKS }, overrides: { WG } };
    // A factor below 1 keeps the chains finite; both are parameters, so that no compiler can work the loop out.
    const run = await repeatable(
      device,
      shader,
      { out },
      (turns) => ({ turns, factor: 0.999, term: 0.001 }),
      grid1d(invocations, WG),
      out,
    );
    return await bestRate(run, 64, 8 * CHAINS * LINKS * invocations);
  } finally {
    out.destroy();
  }
}

/** Copying between two buffers: bytes read and written per second. */
export async function measureBandwidth(device: Device): Promise<number> {
  const bytes = Math.min(64 << 20, device.traits.maxBindingBytes);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
  const source = await device.allocate('copy rate source', bytes, usage);
  const to = await device.allocate('copy rate', bytes, usage);
  try {
    const WG = 64;
    const grid = grid1d(bytes / 16, WG);
    const run = await repeatable(
      device,
      { file: 'copy-rate', overrides: { WG } },
      { source, to },
      () => ({ n: bytes / 16 }),
      grid,
      to,
    );
    return await bestRate((copies) => run(1, copies), 1, 2 * bytes);
  } finally {
    source.destroy();
    to.destroy();
  }
}

/** Reading alone: bytes per second. */
export async function measureReading(device: Device): Promise<number> {
  const bytes = Math.min(64 << 20, device.traits.maxBindingBytes);
  const threads = device.traits.kind === 'cpu' ? 512 : 1 << 16;
  const WG = device.traits.kind === 'cpu' ? 8 : 64;
  const x = await device.allocate('read rate source', bytes, GPUBufferUsage.STORAGE);
  const y = await device.allocate('read rate', 4 * threads, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC);
  try {
    const n4 = Math.floor(bytes / 16 / (8 * threads)) * 8 * threads;
    const shader = { file: 'read-rate', overrides: { WG } };
    const run = await repeatable(device, shader, { x, y }, () => ({ n4, threads }), grid1d(threads, WG), y);
    return await bestRate((passes) => run(1, passes), 1, 16 * n4);
  } finally {
    x.destroy();
    y.destroy();
  }
}

/** The highest rate seen; `run(n)` does n units of work and tells how many milliseconds it took. */
async function bestRate(run: (n: number) => Promise<number>, first: number, unit: number): Promise<number> {
  await run(first);
  const begin = performance.now();
  let best = 0;
  let n = first;
  do {
    const ms = await run(n);
    best = Math.max(best, (n * unit) / (ms / 1000));
    if (ms < ENOUGH_MS) n = Math.ceil(n * Math.min(64, Math.max(2, ENOUGH_MS / Math.max(ms, 0.1))));
  } while (performance.now() - begin < BUDGET_MS);
  return best;
}

/** A shader ready to run: milliseconds from the submit until the result can be read, with `dispatches` in one submit. */
async function repeatable(
  device: Device,
  ref: ShaderRef,
  buffers: Readonly<Record<string, GPUBuffer>>,
  paramsOf: (n: number) => Record<string, number>,
  grid: readonly [number, number, number],
  result: GPUBuffer,
): Promise<(n: number, dispatches?: number) => Promise<number>> {
  const { gpu } = device;
  const { pipeline, source } = await device.pipeline(ref);
  return async (n, dispatches = 1) => {
    const bytes = packParams(source, paramsOf(n), ref.file);
    const params = gpu.createBuffer({
      label: `${ref.file} params`,
      size: bytes.byteLength,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    const staging = gpu.createBuffer({
      label: `${ref.file} readback`,
      size: 4,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    gpu.queue.writeBuffer(params, 0, bytes);
    const entries = source.bindings.map((b, binding) => ({
      binding,
      resource: { buffer: b.access === 'uniform' ? params : buffers[b.name]! },
    }));
    const group = gpu.createBindGroup({ label: ref.file, layout: pipeline.getBindGroupLayout(0), entries });
    const encoder = gpu.createCommandEncoder({ label: ref.file });
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < dispatches; i++) pass.dispatchWorkgroups(...grid);
    pass.end();
    encoder.copyBufferToBuffer(result, 0, staging, 0, 4);
    const begin = performance.now();
    gpu.queue.submit([encoder.finish()]);
    await device.guard(staging.mapAsync(GPUMapMode.READ));
    const ms = performance.now() - begin;
    staging.destroy();
    params.destroy();
    return ms;
  };
}
