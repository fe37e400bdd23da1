// What a device really does: f32 multiply-adds and memory reads per second, each found in about a quarter of a second.
// Used by `graft doctor`, by benchmarks (a kernel's share of the rate), and for predicting the time of a step.

import type { Device } from './device.ts';
import { Graph } from './graph.ts';
import { planMemory } from './plan.ts';
import { Program } from './program.ts';

/** Measuring goes on until this much time has passed. */
const BUDGET_MS = 250;
/** Threads that keep any GPU busy, and still finish in milliseconds on a processor. */
const THREADS = { cpu: 4096, gpu: 1 << 20 };
const BUFFER_BYTES = 64 << 20;

/** f32 multiply-adds, counted as two operations each, per second. Eight independent vec4 chains a thread. */
export async function measureFma(device: Device): Promise<number> {
  const threads = THREADS[device.traits.kind];
  const rounds = 64;
  const g = new Graph(device.traits);
  const y = g.output('y', [threads]);
  const flops = threads * rounds * 8 * 4 * 2;
  g.push({
    label: 'fma rate',
    shader: { file: 'fma-rate', overrides: { WG: 64 } },
    bindings: { y },
    writes: ['y'],
    params: { rounds },
    grid: [threads / 64, 1, 1],
  });
  return flops / (await fastestSeconds(device, g));
}

/** Bytes read per second from a buffer that no cache holds. */
export async function measureBandwidth(device: Device): Promise<number> {
  const bytes = Math.min(BUFFER_BYTES, device.traits.maxBindingBytes);
  const threads = THREADS[device.traits.kind];
  const n4 = Math.floor(bytes / 16 / threads) * threads;
  const g = new Graph(device.traits);
  const x = g.state('x', [n4 * 4]);
  const y = g.output('y', [threads]);
  g.push({
    label: 'read rate',
    shader: { file: 'read-rate', overrides: { WG: 64 } },
    bindings: { x, y },
    writes: ['y'],
    params: { n4, threads },
    grid: [threads / 64, 1, 1],
  });
  return (n4 * 16) / (await fastestSeconds(device, g));
}

/** Passes are queued in growing numbers until one batch takes a good part of the budget, so that the wait for it counts little. */
async function fastestSeconds(device: Device, g: Graph): Promise<number> {
  const program = await Program.compile(device, planMemory(g, device.traits), new Map());
  try {
    const timed = async (passes: number) => {
      const began = performance.now();
      for (let i = 0; i < passes; i++) await program.run();
      await device.guard(device.gpu.queue.onSubmittedWorkDone());
      return (performance.now() - began) / 1000;
    };
    await timed(1);
    let fastest = Number.POSITIVE_INFINITY;
    let passes = 1;
    for (const began = performance.now(); performance.now() - began < BUDGET_MS; ) {
      const seconds = await timed(passes);
      fastest = Math.min(fastest, seconds / passes);
      if (seconds < BUDGET_MS / 8000) passes *= 2;
    }
    return fastest;
  } finally {
    program.destroy();
  }
}
