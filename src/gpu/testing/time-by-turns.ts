// Times for benches of single kernels: a small graph loaded and ready to run, and the shortest time of several by turns, so that
// all of them see the same machine.

import type { Device } from '../device.ts';
import type { Graph, Value } from '../graph.ts';
import { planMemory } from '../plan.ts';
import { Program, type Slot } from '../program.ts';
import type { Data } from './run-kernel.ts';

/** Milliseconds of one pass. */
export interface Timing {
  /** By the clock. */
  readonly wall: number;
  /** Of all threads together, which other programs on the machine disturb less than the clock. */
  readonly processor: number;
}

/** Runs n passes and reads the result once. */
export type Run = (n: number) => Promise<Timing>;

export interface Case {
  readonly name: string;
  readonly graph: Graph;
  readonly data: ReadonlyMap<Value, Data>;
  readonly result: Value;
}

export interface Loaded {
  readonly program: Program;
  readonly run: Run;
  destroy(): void;
}

/** Each sample lasts about this long; the best of SAMPLES counts. */
const SAMPLE_MS = 40;
const SAMPLES = 8;

export async function loadCase(device: Device, { graph, data, result }: Case): Promise<Loaded> {
  graph.keep(result);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffers: GPUBuffer[] = [];
  const make = async (bytes: number) => {
    const buffer = await device.allocate('bench', Math.max(256, bytes), usage);
    buffers.push(buffer);
    return buffer;
  };
  const shared = new Map<Value, Slot>();
  for (const v of graph.values) {
    const size = 4 * v.shape.reduce((p, n) => p * n, 1);
    if (v.role === 'frozen') shared.set(v, { buffer: await make(size), offset: 0, size });
  }
  const flat = { params: await make(4 * graph.flatLength), grads: await make(4 * graph.flatLength) };
  const program = await Program.compile(device, planMemory(graph, device.traits), shared, { flat });
  for (const [value, d] of data) program.write(value, d);
  const run = timed(
    () => program.run(),
    () => program.read(result),
  );
  const destroy = () => {
    program.destroy();
    for (const b of buffers) b.destroy();
  };
  return { program, run, destroy };
}

/** `once` is what is timed, `wait` ends when all of it is done. */
export function timed(once: () => Promise<unknown>, wait: () => Promise<unknown>): Run {
  return async (n) => {
    const begin = performance.now();
    const used = process.cpuUsage();
    for (let i = 0; i < n; i++) await once();
    await wait();
    const { user, system } = process.cpuUsage(used);
    return { wall: (performance.now() - begin) / n, processor: (user + system) / 1000 / n };
  };
}

/** The shortest of each. */
export async function bestByTurns(runs: readonly Run[]): Promise<Timing[]> {
  return (await samplesByTurns(runs, SAMPLES)).map((samples) => samples.reduce(shorter));
}

/** Of each so many. */
export async function samplesByTurns(runs: readonly Run[], count: number): Promise<Timing[][]> {
  const counts: number[] = [];
  for (const run of runs) {
    await run(1);
    counts.push(Math.max(1, Math.round(SAMPLE_MS / (await run(1)).wall)));
  }
  const samples = runs.map((): Timing[] => []);
  for (let sample = 0; sample < count; sample++)
    for (const [i, run] of runs.entries()) samples[i]!.push(await run(counts[i]!));
  return samples;
}

export const shorter = (a: Timing, b: Timing): Timing => ({
  wall: Math.min(a.wall, b.wall),
  processor: Math.min(a.processor, b.processor),
});
