// Runs a small graph on the test device and compares with a CPU twin: the second rung of the ladder.
// Weights (frozen), inputs and trainables are given by value; results come back as arrays.

import { differentiate } from '../backward.ts';
import type { Device } from '../device.ts';
import { elements, type Graph, type Value } from '../graph.ts';
import { planMemory } from '../plan.ts';
import { Program, type Slot } from '../program.ts';
import { openDevice } from './open-device.ts';

export type Data = Float32Array | Uint32Array;

export interface Case {
  readonly graph: Graph;
  readonly data: ReadonlyMap<Value, Data>;
  /** Values to bring back: any role. */
  readonly results: readonly Value[];
  readonly counts?: Readonly<Record<string, number>>;
  /** Another than the test device. */
  readonly device?: Device;
}

/** Plans, compiles, runs once, reads the results. Memory of activations is filled with 7e7 first, so that a missed write shows. */
export async function runCase({ graph, data, results, counts, device: given }: Case): Promise<Float32Array[]> {
  const device = given ?? (await openDevice());
  for (const v of results) graph.keep(v);
  const plan = planMemory(graph, device.traits);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffers: GPUBuffer[] = [];
  const make = async (label: string, bytes: number) => {
    const buffer = await device.allocate(label, Math.ceil(bytes / 4) * 4 || 4, usage);
    buffers.push(buffer);
    return buffer;
  };
  const shared = new Map<Value, Slot>();
  for (const v of graph.values)
    if (v.role === 'frozen')
      shared.set(v, { buffer: await make(v.name, 4 * elements(v.shape)), offset: 0, size: 4 * elements(v.shape) });
  const flat = {
    params: await make('params', 4 * (graph.flatLength || 1)),
    grads: await make('grads', 4 * (graph.flatLength || 1)),
  };
  const program = await Program.compile(device, plan, shared, { flat });
  try {
    for (const place of new Set([...plan.places.keys()]))
      program.write(place, new Float32Array(elements(place.shape)).fill(7e7));
    for (const [v, d] of data) program.write(v, d);
    await program.run(counts ? { counts } : {});
    return await readAll(device, program, results);
  } finally {
    program.destroy();
    for (const b of buffers) b.destroy();
  }
}

async function readAll(device: Device, program: Program, values: readonly Value[]): Promise<Float32Array[]> {
  const out: Float32Array[] = [];
  for (const value of values) {
    const slot = program.slot(value);
    const staging = await device.allocate(
      'test readback',
      slot.size,
      GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    );
    const encoder = device.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(slot.buffer, slot.offset, staging, 0, slot.size);
    device.gpu.queue.submit([encoder.finish()]);
    await device.guard(staging.mapAsync(GPUMapMode.READ));
    out.push(new Float32Array(staging.getMappedRange().slice(0)));
    staging.unmap();
    staging.destroy();
  }
  return out;
}

/** An input that gradients flow to. */
export function variable(graph: Graph, name: string, shape: readonly number[]): Value {
  return Object.assign(graph.input(name, shape), { requiresGrad: true });
}

/** Appends the backward of the loss Σ y·dy: the input `dy` to be written, and the gradient of each of `of`. */
export function gradientsOf(graph: Graph, y: Value, ...of: Value[]): [dy: Value, ...gradients: Value[]] {
  const dy = graph.input(`seed d${y.name}`, y.shape);
  const all = differentiate(graph, new Map([[y, dy]]));
  return [dy, ...of.map((v) => all.get(v) ?? graph.output(`no gradient of ${v.name}`, v.shape))];
}

/** Deterministic numbers in [-1, 1). */
export function noise(length: number, seed = 1): Float32Array {
  let s = seed >>> 0 || 1;
  return Float32Array.from({ length }, () => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) / 2 ** 31 - 1;
  });
}

/** Largest |actual - expected| over the largest |expected|; throws with place and values when above `tolerance`. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  columns = expected.length,
): void {
  if (actual.length < expected.length) throw new Error(`found ${actual.length} values, need ${expected.length}`);
  let scale = 1e-30;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  let worst = 0;
  let first = -1;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!) / scale;
    if (!(difference <= tolerance) && first < 0) first = i;
    if (!(difference <= worst)) worst = difference;
  }
  if (first >= 0)
    throw new Error(
      `[${Math.floor(first / columns)},${first % columns}] is ${actual[first]}, need ${expected[first]} (worst relative difference ${worst}, tolerance ${tolerance})`,
    );
}
