// A plan made real on a device: buffers allocated once, pipelines and bind groups made once, then replayed every step.
// Only inputs change between passes. Submits are bounded in time: a long pass is cut where its estimated cost exceeds
// `maxSubmitMs`, so that no watchdog of a driver fires and the desktop stays responsive.

import type { Device, Pipeline } from './device.ts';
import { byteLength, type Op, storageOf, type Value } from './graph.ts';
import { BINDING_ALIGN, padded, type Plan } from './plan.ts';
import { packParams } from './shader.ts';

/** A range of a buffer that holds a value. */
export interface Slot {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** Buffers that outlive a program and are shared by several: weights, the flat adapter buffers, KV caches. */
export type Shared = ReadonlyMap<Value, Slot>;

/** Flat f32 buffers of an adapter, `flatLength` elements each. */
export interface FlatBuffers {
  readonly params: GPUBuffer;
  readonly grads: GPUBuffer;
}

interface Dispatch {
  readonly op: Op;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
}

export interface RunOptions {
  /** Counts for ops with `onlyIf`. */
  readonly counts?: Readonly<Record<string, number>>;
}

export class Program {
  private constructor(
    readonly device: Device,
    readonly plan: Plan,
    private readonly dispatches: readonly Dispatch[],
    private readonly slots: ReadonlyMap<Value, Slot>,
    private readonly owned: readonly GPUBuffer[],
    /** Bytes that this program allocated itself: arenas, inputs, outputs and states not shared, uniforms. */
    readonly allocatedBytes: number,
    private readonly staging: GPUBuffer | undefined,
  ) {}

  /** Allocates and compiles. Throws OutOfMemoryError when the device refuses a buffer. */
  static async compile(device: Device, plan: Plan, shared: Shared, flat?: FlatBuffers, onProgress?: (done: number, total: number) => void): Promise<Program> {
    const owned: GPUBuffer[] = [];
    const slots = new Map<Value, Slot>(shared);
    let allocatedBytes = 0;
    const allocate = async (label: string, size: number, usage: number) => {
      const buffer = await device.allocate(label, size, usage);
      owned.push(buffer);
      allocatedBytes += size;
      return buffer;
    };
    try {
      const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
      const arenas: GPUBuffer[] = [];
      for (const [i, size] of plan.arenas.entries()) arenas.push(await allocate(`arena ${i}`, size, storage));
      for (const [value, place] of plan.places)
        slots.set(value, { buffer: arenas[place.arena]!, offset: place.offset, size: byteLength(value) });
      for (const value of plan.graph.values) {
        if (value.inPlaceOf !== undefined || value.role === 'activation' || slots.has(value)) continue;
        if (value.role === 'trainable' || value.role === 'gradient') {
          if (flat === undefined) throw new Error(`Cannot compile: found trainable "${value.name}" but no flat buffers`);
          slots.set(value, { buffer: value.role === 'trainable' ? flat.params : flat.grads, offset: 4 * value.offset, size: byteLength(value) });
        } else if (value.role === 'frozen') {
          throw new Error(`Cannot compile: found no buffer for weight "${value.name}"`);
        } else {
          slots.set(value, { buffer: await allocate(value.name, padded(value), storage), offset: 0, size: byteLength(value) });
        }
      }
      const dispatches = await makeDispatches(device, plan, slots, allocate, onProgress);
      const outputBytes = plan.graph.values.filter((v) => v.role === 'output' && v.inPlaceOf === undefined).reduce((n, v) => n + padded(v), 0);
      const staging = outputBytes > 0 ? await allocate('readback', outputBytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST) : undefined;
      return new Program(device, plan, dispatches, slots, owned, allocatedBytes, staging);
    } catch (error) {
      for (const buffer of owned) buffer.destroy();
      throw error;
    }
  }

  /** Writes an input; takes effect at the next `run`. */
  write(value: Value, data: Float32Array | Uint32Array): void {
    if (data.byteLength > byteLength(value))
      throw new RangeError(`Cannot write "${value.name}": found ${data.byteLength} bytes, need at most ${byteLength(value)}`);
    const slot = this.slot(value);
    this.device.gpu.queue.writeBuffer(slot.buffer, slot.offset, data as Float32Array<ArrayBuffer>);
  }

  slot(value: Value): Slot {
    const slot = this.slots.get(storageOf(value));
    if (slot === undefined) throw new Error(`Cannot find memory of "${value.name}"`);
    return slot;
  }

  /** Encodes and submits the whole pass; resolves when everything is submitted (not when it is done: read an output for that). */
  async run(options: RunOptions = {}): Promise<void> {
    const { gpu } = this.device;
    let encoder = gpu.createCommandEncoder({ label: 'pass' });
    let pass = encoder.beginComputePass();
    let cost = 0;
    let pipeline: GPUComputePipeline | undefined;
    for (const d of this.dispatches) {
      const { onlyIf, grid, flops } = d.op;
      if (onlyIf !== undefined && !((options.counts?.[onlyIf.count] ?? 0) > onlyIf.above)) continue;
      if (cost > 0 && cost + flops > this.device.flopsPerSubmit) {
        pass.end();
        gpu.queue.submit([encoder.finish()]);
        encoder = gpu.createCommandEncoder({ label: 'pass' });
        pass = encoder.beginComputePass();
        pipeline = undefined;
        cost = 0;
      }
      if (d.pipeline !== pipeline) pass.setPipeline(d.pipeline);
      pipeline = d.pipeline;
      pass.setBindGroup(0, d.group);
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
      cost += flops;
    }
    pass.end();
    gpu.queue.submit([encoder.finish()]);
  }

  /** Reads outputs back, in the order asked for, after all submitted work. One copy, one map. */
  async read(...values: Value[]): Promise<Float32Array[]> {
    const { gpu } = this.device;
    if (this.staging === undefined) throw new Error('Cannot read: found no outputs in this program');
    const encoder = gpu.createCommandEncoder({ label: 'readback' });
    let offset = 0;
    const ranges = values.map((value) => {
      const slot = this.slot(value);
      encoder.copyBufferToBuffer(slot.buffer, slot.offset, this.staging!, offset, slot.size);
      const range = { offset, size: slot.size };
      offset += Math.ceil(slot.size / BINDING_ALIGN) * BINDING_ALIGN;
      return range;
    });
    gpu.queue.submit([encoder.finish()]);
    await this.device.guard(this.staging.mapAsync(GPUMapMode.READ, 0, offset));
    const results = ranges.map((r) => new Float32Array(this.staging!.getMappedRange(r.offset, r.size).slice(0)));
    this.staging.unmap();
    return results;
  }

  get dispatchCount(): number {
    return this.dispatches.length;
  }

  destroy(): void {
    for (const buffer of this.owned) buffer.destroy();
  }
}

async function makeDispatches(
  device: Device,
  plan: Plan,
  slots: ReadonlyMap<Value, Slot>,
  allocate: (label: string, size: number, usage: number) => Promise<GPUBuffer>,
  onProgress?: (done: number, total: number) => void,
): Promise<Dispatch[]> {
  const { ops } = plan.graph;
  const compiled: Pipeline[] = [];
  const refs = new Map(ops.map((op) => [device.pipelineKey(op.shader), op.shader]));
  let done = 0;
  for (const ref of refs.values()) {
    await device.pipeline(ref);
    onProgress?.(++done, refs.size);
  }
  for (const op of ops) compiled.push(await device.pipeline(op.shader));

  // Every op's Params lie in one uniform buffer; equal blocks are stored once.
  const blocks = new Map<string, number>();
  const chunks: ArrayBuffer[] = [];
  const offsets = ops.map((op, i) => {
    const source = compiled[i]!.source;
    if (source.params.length === 0) return 0;
    const bytes = packParams(source, op.params, op.label);
    const key = new Uint32Array(bytes).join();
    const known = blocks.get(key);
    if (known !== undefined) return known;
    blocks.set(key, BINDING_ALIGN * chunks.length);
    chunks.push(bytes);
    return BINDING_ALIGN * (chunks.length - 1);
  });
  const uniforms = await allocate('uniforms', Math.max(1, chunks.length) * BINDING_ALIGN, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
  for (const [i, chunk] of chunks.entries()) device.gpu.queue.writeBuffer(uniforms, i * BINDING_ALIGN, chunk);

  return ops.map((op, i) => {
    const { pipeline, source } = compiled[i]!;
    const entries = source.bindings.map((binding, number): GPUBindGroupEntry => {
      if (binding.access === 'uniform')
        return { binding: number, resource: { buffer: uniforms, offset: offsets[i]!, size: Math.max(16, Math.ceil(source.params.length / 4) * 16) } };
      const value = op.bindings[binding.name];
      if (value === undefined) throw new Error(`Cannot bind "${op.label}": found no value for ${binding.name}`);
      const slot = slots.get(storageOf(value))!;
      return { binding: number, resource: { buffer: slot.buffer, offset: slot.offset, size: slot.size } };
    });
    for (const name of Object.keys(op.bindings))
      if (!source.bindings.some((b) => b.name === name)) throw new Error(`Cannot bind "${op.label}": the shader has no ${name}`);
    const group = device.gpu.createBindGroup({ label: op.label, layout: pipeline.getBindGroupLayout(0), entries });
    return { op, pipeline, group };
  });
}
