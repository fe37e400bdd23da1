// An adapter on the device: every A and B in one flat f32 buffer, so that the optimiser is one dispatch over all of it.
// Training makes its trainables in this order, hence gradients and Adam's moments lie at the same offsets; generation binds
// the same slices as frozen weights.

import type { Device } from '../gpu/device.ts';
import { FLAT_ALIGN } from '../gpu/graph.ts';
import type { Slot } from '../gpu/program.ts';

/** What an adapter has at one linear. */
export interface ModuleShape {
  readonly r: number;
  /** s of y += s·B·A·x: alpha / r, or alpha / √r with rsLoRA. */
  readonly scaling: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
}
export type AdapterShape = ReadonlyMap<string, ModuleShape>;

export interface FlatEntry {
  readonly path: string;
  readonly factor: 'lora_A' | 'lora_B';
  /** (R,C) for A, (O,R) for B. */
  readonly shape: readonly [number, number];
  /** First element in the flat buffer. */
  readonly offset: number;
}

export function flatLayout(modules: AdapterShape): { readonly entries: readonly FlatEntry[]; readonly length: number } {
  const entries: FlatEntry[] = [];
  let offset = 0;
  for (const [path, m] of modules)
    for (const [factor, shape] of [
      ['lora_A', [m.r, m.inFeatures]],
      ['lora_B', [m.outFeatures, m.r]],
    ] as const) {
      entries.push({ path, factor, shape, offset });
      offset += Math.ceil((shape[0] * shape[1]) / FLAT_ALIGN) * FLAT_ALIGN;
    }
  return { entries, length: offset };
}

/** A and B of each module, as files hold them. */
export type FactorTable = ReadonlyMap<string, { readonly a: Float32Array; readonly b: Float32Array }>;

export class FlatAdapter {
  private constructor(
    readonly device: Device,
    readonly modules: AdapterShape,
    readonly params: GPUBuffer,
  ) {}

  static async create(device: Device, modules: AdapterShape, factors: FactorTable): Promise<FlatAdapter> {
    const params = await allocateFlat(device, 'adapter', flatLayout(modules).length);
    const adapter = new FlatAdapter(device, modules, params);
    adapter.write(factors);
    return adapter;
  }

  write(factors: FactorTable): void {
    for (const { path, factor, shape, offset } of flatLayout(this.modules).entries) {
      const data = factor === 'lora_A' ? factors.get(path)?.a : factors.get(path)?.b;
      if (data?.length !== shape[0] * shape[1])
        throw new RangeError(
          `Cannot load adapter: found ${data?.length ?? 0} numbers of ${factor} at "${path}", need ${shape[0]}×${shape[1]}`,
        );
      this.device.gpu.queue.writeBuffer(this.params, 4 * offset, data as Float32Array<ArrayBuffer>);
    }
  }

  /** Brings A and B back to the host. */
  async read(): Promise<Map<string, { a: Float32Array; b: Float32Array }>> {
    return splitFlat(this.modules, await readFlat(this.device, this.params));
  }

  slot(entry: FlatEntry): Slot {
    return { buffer: this.params, offset: 4 * entry.offset, size: 4 * entry.shape[0] * entry.shape[1] };
  }

  destroy(): void {
    this.params.destroy();
  }
}

/** A and B of each module out of a flat buffer's values. */
export function splitFlat(
  modules: AdapterShape,
  flat: Float32Array,
): Map<string, { a: Float32Array; b: Float32Array }> {
  const factors = new Map<string, { a: Float32Array; b: Float32Array }>();
  for (const { path, factor, shape, offset } of flatLayout(modules).entries) {
    const entry = factors.get(path) ?? { a: new Float32Array(), b: new Float32Array() };
    entry[factor === 'lora_A' ? 'a' : 'b'] = flat.slice(offset, offset + shape[0] * shape[1]);
    factors.set(path, entry);
  }
  return factors;
}

/** A flat buffer of `length` f32, zero. */
export function allocateFlat(device: Device, label: string, length: number): Promise<GPUBuffer> {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  return device.allocate(label, 4 * Math.max(FLAT_ALIGN, length), usage);
}

/** Writes the whole of a flat buffer. */
export function writeFlat(device: Device, buffer: GPUBuffer, values: Float32Array): void {
  if (values.byteLength !== buffer.size)
    throw new RangeError(
      `Cannot write "${buffer.label}": found ${values.byteLength} bytes, need the ${buffer.size} of the whole buffer`,
    );
  device.gpu.queue.writeBuffer(buffer, 0, values as Float32Array<ArrayBuffer>);
}

export async function readFlat(device: Device, buffer: GPUBuffer): Promise<Float32Array> {
  const staging = await device.allocate('readback', buffer.size, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  try {
    const encoder = device.gpu.createCommandEncoder({ label: 'read adapter' });
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
    device.gpu.queue.submit([encoder.finish()]);
    await device.guard(staging.mapAsync(GPUMapMode.READ));
    return new Float32Array(staging.getMappedRange().slice(0));
  } finally {
    staging.destroy();
  }
}
