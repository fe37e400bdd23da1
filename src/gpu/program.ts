// A plan on a device: buffers are allocated once, pipelines and bind groups created once, then replayed every step.
// Only inputs change between passes. Submits are bounded in time: a long pass is cut where its work exceeds the device's
// `flopsPerSubmit`, so that no driver watchdog fires and the desktop stays responsive.

import type { Device, Pipeline } from './device.ts';
import { byteLength, type Op, offsetIn, storageOf, type Value } from './graph.ts';
import { BINDING_ALIGN, type Plan, padded, readbackBytes, uniformBytes } from './plan.ts';
import { shaderKey } from './shader.ts';
import { timeDispatches } from './time-dispatches.ts';

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

export interface CompileOptions {
  /** Needed when the graph has trainables. */
  readonly flat?: FlatBuffers;
  /** Another program, larger and never running at the same time, whose arenas, inputs and outputs this one uses as well. */
  readonly within?: Program;
  /**
   * Buffers of the same device that several programs use as arenas in turn, by index; one that is too small is not used. What a
   * program leaves there is gone when another runs: only outputs may be read after a pass, and a pass is submitted in one go.
   */
  readonly arenas?: readonly GPUBuffer[] | undefined;
  /** Pipelines compiled so far. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

interface Dispatch {
  readonly op: Op;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
}

/** Every op's params. Programs that share the buffer write theirs when it is their turn. */
interface Uniforms {
  readonly buffer: GPUBuffer;
  owner: Plan | undefined;
}

export interface RunOptions {
  /** Counts for ops with `onlyIf`. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Run only this many ops from the front (a forward pass without its backward). */
  readonly ops?: number;
}

/** Milliseconds of a pass by kernel, largest first. */
export interface Profile {
  readonly kernels: readonly { readonly name: string; readonly ms: number; readonly count: number }[];
  readonly by: 'timestamps' | 'waits';
}

function isDue(onlyIf: Op['onlyIf'], { counts }: RunOptions): boolean {
  return onlyIf === undefined || (counts?.[onlyIf.count] ?? 0) > onlyIf.above;
}

/** What a program has of its device. */
interface Compiled {
  readonly dispatches: readonly Dispatch[];
  readonly slots: ReadonlyMap<Value, Slot>;
  readonly arenas: readonly GPUBuffer[];
  readonly staging: GPUBuffer | undefined;
  readonly uniforms: Uniforms;
  /** Buffers that it allocated itself: arenas, inputs, outputs and states not shared, uniforms. */
  readonly owned: readonly GPUBuffer[];
}

export class Program {
  private readonly dispatches: Compiled['dispatches'];
  private readonly slots: Compiled['slots'];
  /** Bytes that this program allocated itself. */
  readonly allocatedBytes: number;

  private constructor(
    readonly device: Device,
    readonly plan: Plan,
    private readonly compiled: Compiled,
  ) {
    this.dispatches = compiled.dispatches;
    this.slots = compiled.slots;
    this.allocatedBytes = compiled.owned.reduce((sum, { size }) => sum + size, 0);
  }

  /** Allocates and compiles. Throws OutOfMemoryError when the device refuses a buffer. */
  static async compile(device: Device, plan: Plan, shared: Shared, options: CompileOptions = {}): Promise<Program> {
    const { within, onProgress } = options;
    const lent = within?.compiled;
    const owned: GPUBuffer[] = [];
    const allocate: Allocate = async (label, size, usage) => {
      const buffer = await device.allocate(label, size, usage);
      owned.push(buffer);
      return buffer;
    };
    try {
      const arenas = await takeArenas(plan, [lent?.arenas ?? [], options.arenas ?? []], allocate);
      const lend = (value: Value) => within?.named(value.name, byteLength(value));
      const slots = await placeValues(plan, { shared, arenas, flat: options.flat, lend, allocate });
      const uniformSize = uniformBytes(plan.uniforms);
      const isLent = lent !== undefined && lent.uniforms.buffer.size >= uniformSize;
      const uniforms = isLent
        ? lent.uniforms
        : {
            buffer: await allocate('uniforms', uniformSize, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST),
            owner: undefined,
          };
      const dispatches = await makeDispatches(device, plan, slots, uniforms.buffer, onProgress);
      const readback = readbackBytes(plan.graph);
      const mapped = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
      const staging =
        lent?.staging !== undefined && lent.staging.size >= readback
          ? lent.staging
          : readback > 0
            ? await allocate('readback', readback, mapped)
            : undefined;
      return new Program(device, plan, { dispatches, slots, arenas, staging, uniforms, owned });
    } catch (error) {
      for (const buffer of owned) buffer.destroy();
      throw error;
    }
  }

  /** Writes an input; takes effect at the next `run`. */
  write(value: Value, data: Float32Array | Uint32Array): void {
    if (data.byteLength > byteLength(value))
      throw new RangeError(
        `Cannot write "${value.name}": found ${data.byteLength} bytes, need at most ${byteLength(value)}`,
      );
    const slot = this.slot(value);
    this.device.gpu.queue.writeBuffer(slot.buffer, slot.offset, data as Float32Array<ArrayBuffer>);
  }

  /** Runs the pass with every dispatch timed, and adds up the time by shader file. For benchmarks. */
  async profile(options: RunOptions = {}): Promise<Profile> {
    this.writeUniforms();
    const runs = this.dispatches.filter(({ op: { onlyIf } }) => isDue(onlyIf, options));
    const timed = runs.map(({ pipeline, group, op }) => ({ pipeline, group, grid: op.grid }));
    const { ms, by } = await timeDispatches(this.device, timed);
    const sums = new Map<string, { ms: number; count: number }>();
    for (const [i, { op }] of runs.entries()) {
      const name = [op.shader.file, ...Object.values(op.shader.parts ?? {})].join(' ');
      const sum = sums.get(name) ?? { ms: 0, count: 0 };
      sum.ms += ms[i]!;
      sum.count += 1;
      sums.set(name, sum);
    }
    return { kernels: [...sums].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => b.ms - a.ms), by };
  }

  slot(value: Value): Slot {
    const slot = slotOf(this.slots, value);
    if (slot === undefined) throw new Error(`Cannot find memory of "${value.name}"`);
    return slot;
  }

  /** Encodes and submits the whole pass; resolves when everything is submitted (not when it is done: read an output for that). */
  async run(options: RunOptions = {}): Promise<void> {
    const began = performance.now();
    this.writeUniforms();
    for (const commands of this.commands(options)) this.device.gpu.queue.submit([commands]);
    this.device.hostMs += performance.now() - began;
  }

  /** The whole pass, to be submitted once: encoded while the device is still at another, it can start at once. */
  encode(options: RunOptions = {}): readonly GPUCommandBuffer[] {
    const began = performance.now();
    const commands = [...this.commands(options)];
    this.device.hostMs += performance.now() - began;
    return commands;
  }

  /** Runs what `encode` has made, on the inputs as they are now. */
  submit(encoded: readonly GPUCommandBuffer[]): void {
    this.writeUniforms();
    this.device.gpu.queue.submit(encoded);
  }

  /** In as many pieces as the device wants submits. */
  private *commands(options: RunOptions): Generator<GPUCommandBuffer, void> {
    const { gpu } = this.device;
    let encoder = gpu.createCommandEncoder({ label: 'pass' });
    let pass = encoder.beginComputePass();
    let cost = 0;
    let pipeline: GPUComputePipeline | undefined;
    for (const d of this.dispatches.slice(0, options.ops)) {
      const { onlyIf, grid, flops } = d.op;
      if (!isDue(onlyIf, options)) continue;
      if (cost > 0 && cost + flops > this.device.flopsPerSubmit) {
        pass.end();
        yield encoder.finish();
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
    yield encoder.finish();
  }

  /** Reads outputs and kept activations back, in the order asked for, after all submitted work. One copy, one map. */
  async read(...values: Value[]): Promise<Float32Array[]> {
    const { gpu } = this.device;
    const ranges: { offset: number; slot: Slot }[] = [];
    let bytes = 0;
    for (const value of values) {
      const slot = this.slot(value);
      ranges.push({ offset: bytes, slot });
      bytes += Math.ceil(slot.size / BINDING_ALIGN) * BINDING_ALIGN;
    }
    const { staging } = this.compiled;
    if (staging === undefined || staging.size < bytes)
      throw new Error(`Cannot read ${values.map((v) => `"${v.name}"`).join(', ')}: need outputs or kept values`);
    const encoder = gpu.createCommandEncoder({ label: 'readback' });
    for (const { offset, slot } of ranges)
      encoder.copyBufferToBuffer(slot.buffer, slot.offset, staging, offset, slot.size);
    gpu.queue.submit([encoder.finish()]);
    await this.device.guard(staging.mapAsync(GPUMapMode.READ, 0, bytes));
    const results = ranges.map(
      ({ offset, slot }) => new Float32Array(staging.getMappedRange(offset, slot.size).slice(0)),
    );
    staging.unmap();
    return results;
  }

  /** The input, output or state of that name, cut to `size` bytes; undefined when there is none as large. */
  private named(name: string, size: number): Slot | undefined {
    for (const [value, slot] of this.slots)
      if (value.name === name && slot.size >= size && ['input', 'output', 'state'].includes(value.role))
        return { ...slot, size };
    return undefined;
  }

  private writeUniforms(): void {
    const { plan, device } = this;
    const { uniforms } = this.compiled;
    if (uniforms.owner === plan) return;
    const { blocks } = plan.uniforms;
    const all = new Uint8Array(uniformBytes(plan.uniforms));
    for (const [i, block] of blocks.entries()) all.set(new Uint8Array(block), i * BINDING_ALIGN);
    device.gpu.queue.writeBuffer(uniforms.buffer, 0, all);
    uniforms.owner = plan;
  }

  get dispatchCount(): number {
    return this.dispatches.length;
  }

  /** Of the block that has the most, whatever it recomputes among them. */
  get dispatchesPerBlock(): number {
    const counts = new Map<number, number>();
    for (const { block } of this.plan.graph.ops)
      if (block !== undefined) counts.set(block, (counts.get(block) ?? 0) + 1);
    return Math.max(0, ...counts.values());
  }

  destroy(): void {
    for (const buffer of this.compiled.owned) buffer.destroy();
  }
}

type Allocate = (label: string, size: number, usage: number) => Promise<GPUBuffer>;

/** A function, because the constants are there only where WebGPU is. */
function storageUsage(): number {
  return GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
}

/** The plan's arenas: of each lender that has one of this index, the first, if it is large enough; else one of its own. */
async function takeArenas(
  plan: Plan,
  lenders: readonly (readonly GPUBuffer[])[],
  allocate: Allocate,
): Promise<GPUBuffer[]> {
  const arenas: GPUBuffer[] = [];
  for (const [i, size] of plan.arenas.entries()) {
    const lent = lenders.find((arenas) => arenas[i] !== undefined)?.[i];
    arenas.push(lent !== undefined && lent.size >= size ? lent : await allocate(`arena ${i}`, size, storageUsage()));
  }
  return arenas;
}

interface Memory {
  readonly shared: Shared;
  readonly arenas: readonly GPUBuffer[];
  readonly flat: FlatBuffers | undefined;
  /** Memory of an input, output or state that another program has. */
  lend(value: Value): Slot | undefined;
  readonly allocate: Allocate;
}

/** A slot for every value that owns memory. */
async function placeValues(plan: Plan, { shared, arenas, flat, lend, allocate }: Memory): Promise<Map<Value, Slot>> {
  const slots = new Map<Value, Slot>(shared);
  for (const [value, place] of plan.places)
    slots.set(value, { buffer: arenas[place.arena]!, offset: place.offset, size: byteLength(value) });
  for (const value of plan.graph.values) {
    if (storageOf(value) !== value || value.role === 'activation' || slots.has(value)) continue;
    const size = byteLength(value);
    if (value.role === 'frozen') throw new Error(`Cannot compile: found no buffer for weight "${value.name}"`);
    if (value.role === 'trainable' || value.role === 'gradient') {
      if (flat === undefined) throw new Error(`Cannot compile: found trainable "${value.name}" but no flat buffers`);
      const buffer = value.role === 'trainable' ? flat.params : flat.grads;
      slots.set(value, { buffer, offset: 4 * value.offset, size });
    } else {
      const lent = lend(value);
      slots.set(value, lent ?? { buffer: await allocate(value.name, padded(value), storageUsage()), offset: 0, size });
    }
  }
  return slots;
}

/** Where a value lies, by where those lie that own memory. */
function slotOf(slots: ReadonlyMap<Value, Slot>, value: Value): Slot | undefined {
  const slot = slots.get(storageOf(value));
  const first = offsetIn(value);
  return slot && first !== undefined
    ? { buffer: slot.buffer, offset: slot.offset + 4 * first, size: byteLength(value) }
    : slot;
}

async function makeDispatches(
  device: Device,
  plan: Plan,
  slots: ReadonlyMap<Value, Slot>,
  uniforms: GPUBuffer,
  onProgress?: (done: number, total: number) => void,
): Promise<Dispatch[]> {
  const { ops } = plan.graph;
  const compiled: Pipeline[] = [];
  const refs = new Map(ops.map((op) => [shaderKey(op.shader), op.shader]));
  let done = 0;
  for (const ref of refs.values()) {
    await device.pipeline(ref);
    onProgress?.(++done, refs.size);
  }
  for (const op of ops) compiled.push(await device.pipeline(op.shader));

  const { offsets } = plan.uniforms;

  return ops.map((op, i) => {
    const { pipeline, source } = compiled[i]!;
    const entries = source.bindings.map((binding, number): GPUBindGroupEntry => {
      if (binding.access === 'uniform')
        return {
          binding: number,
          resource: {
            buffer: uniforms,
            offset: offsets[i]!,
            size: Math.max(16, Math.ceil(source.params.length / 4) * 16),
          },
        };
      const value = op.bindings[binding.name];
      if (value === undefined) throw new Error(`Cannot bind "${op.label}": found no value for ${binding.name}`);
      const { buffer, offset, size } = slotOf(slots, value)!;
      return { binding: number, resource: { buffer, offset, size } };
    });
    for (const name of Object.keys(op.bindings))
      if (!source.bindings.some((b) => b.name === name))
        throw new Error(`Cannot bind "${op.label}": the shader has no ${name}`);
    const group = device.gpu.createBindGroup({ label: op.label, layout: pipeline.getBindGroupLayout(0), entries });
    return { op, pipeline, group };
  });
}
