// What DoRA's magnitudes are relative to, of an adapter that is used: the lengths of the rows of W + s·B·A, measured once on
// the weights as the device has them. Training measures them anew in every pass (attach-trainable.ts).

import { Graph, type Value } from '../gpu/graph.ts';
import { doraNorm } from '../gpu/kernels/dora.ts';
import { BINDING_ALIGN, planMemory } from '../gpu/plan.ts';
import { Program, type Slot } from '../gpu/program.ts';
import type { BaseModel } from '../model/base-model.ts';
import type { AdapterShape } from './adapter-tensors.ts';
import { type FlatAdapter, flatLayout, normName, normsOf } from './flat-adapter.ts';

/** Of the buffer that `allocateNorms` makes. */
export function normBytes(shape: AdapterShape): number {
  return normsOf(shape).reduce((sum, [, rows]) => sum + Math.ceil((4 * rows) / BINDING_ALIGN) * BINDING_ALIGN, 0);
}

/** Memory for all norms of an adapter, among its `extra`; undefined when it has none. */
export async function allocateNorms({ device, shape, extra }: FlatAdapter): Promise<GPUBuffer | undefined> {
  let offset = 0;
  const places = normsOf(shape).map(([path, rows]) => {
    const place = { path, offset, size: 4 * rows };
    offset += Math.ceil(place.size / BINDING_ALIGN) * BINDING_ALIGN;
    return place;
  });
  if (offset === 0) return undefined;
  const buffer = await device.allocate('norms', offset, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC);
  for (const { path, ...place } of places) extra.set(normName(path), { buffer, ...place });
  return buffer;
}

/** Fills that memory. */
export async function measureNorms(model: BaseModel, adapter: FlatAdapter): Promise<void> {
  const { device } = model;
  const { shape, extra } = adapter;
  const entries = new Map(flatLayout(shape).entries.map((entry) => [`${entry.path} ${entry.part}`, entry]));
  const g = new Graph(device.traits);
  const factors = new Map<string, Slot>();
  const norms = new Map<Value, Slot>();
  for (const [path, rows] of normsOf(shape)) {
    const factor = (part: 'lora_A' | 'lora_B') => {
      const entry = entries.get(`${path} ${part}`)!;
      factors.set(entry.name, adapter.slot(entry));
      return g.frozen(entry.name, entry.shape);
    };
    const n = g.state(normName(path), [rows]);
    norms.set(n, extra.get(normName(path))!);
    doraNorm(g, model.weightOf(g, path), factor('lora_A'), factor('lora_B'), shape.modules.get(path)!.scaling, n);
  }
  const shared = new Map([...model.weights.bind(g, factors), ...norms]);
  const program = await Program.compile(device, planMemory(g, device.traits), shared);
  await program.run();
  program.destroy();
}
