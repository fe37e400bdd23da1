// An adapter on the device: all its tensors in one flat f32 buffer, so that the optimiser is one dispatch over all of it.
// Training makes its trainables in this order, hence gradients and Adam's moments lie at the same offsets; generation binds
// the same slices as frozen weights.

import type { Device } from '../gpu/device.ts';
import { elements, FLAT_ALIGN } from '../gpu/graph.ts';
import type { Slot } from '../gpu/program.ts';
import type { BaseModel } from '../model/base-model.ts';
import type { Adapter } from './adapter.ts';
import {
  type AdapterShape,
  type AdapterTensor,
  adapterTensors,
  type TensorTable,
  tensorsOf,
} from './adapter-tensors.ts';
import { allocateNorms, measureNorms } from './measure-norms.ts';
import { virtualIds } from './methods/prompt-tuning.ts';

export interface FlatEntry extends AdapterTensor {
  /** First element in the flat buffer. */
  readonly offset: number;
}

/** First all A in the order of the modules, so that those of linears with a common input are one matrix; likewise all B; then the rest. */
export function flatLayout(shape: AdapterShape): { readonly entries: readonly FlatEntry[]; readonly length: number } {
  let offset = 0;
  const tensors = adapterTensors(shape);
  const order = (['lora_A', 'lora_B', undefined] as const).flatMap((wanted) =>
    tensors.filter(({ part }) => (part === 'lora_A' || part === 'lora_B' ? part : undefined) === wanted),
  );
  const entries = order.map((tensor) => {
    const entry = { ...tensor, offset };
    offset += padded(tensor.shape);
    return entry;
  });
  return { entries, length: offset };
}

/** The numbers of a flat buffer in a record's order: that of the adapter's tensor list, independent of the device's layout. */
export function toRecordOrder(shape: AdapterShape, flat: Float32Array): Float32Array<ArrayBuffer> {
  return reordered(shape, flat, (device, record) => [device, record]);
}

/** The inverse: a record's numbers in the order of a flat buffer. */
export function fromRecordOrder(shape: AdapterShape, record: Float32Array): Float32Array<ArrayBuffer> {
  return reordered(shape, record, (device, kept) => [kept, device]);
}

function reordered(
  shape: AdapterShape,
  values: Float32Array,
  direction: (device: number, record: number) => readonly [from: number, to: number],
): Float32Array<ArrayBuffer> {
  const { entries } = flatLayout(shape);
  const offsets = new Map(entries.map(({ name, offset }) => [name, offset]));
  const result = new Float32Array(values.length);
  let record = 0;
  for (const { name, shape: sizes } of adapterTensors(shape)) {
    const [from, to] = direction(offsets.get(name)!, record);
    result.set(values.subarray(from, from + elements(sizes)), to);
    record += padded(sizes);
  }
  return result;
}

/** Elements that a tensor takes in a flat buffer. */
function padded(sizes: readonly number[]): number {
  return Math.ceil(elements(sizes) / FLAT_ALIGN) * FLAT_ALIGN;
}

/** The row norms of W + s·B·A at a module with magnitudes: a frozen value of a graph that uses the adapter. */
export const normName = (path: string) => `${path}.norm`;

/** Modules with magnitudes, and how many rows each has. */
export function normsOf({ modules }: AdapterShape): (readonly [path: string, rows: number])[] {
  return [...modules].flatMap(([path, m]) => (m.magnitude ? [[path, m.outFeatures] as const] : []));
}

/** The ids of an embedding's trained rows: a frozen value of every graph with the adapter. */
export const tokenListName = (path: string) => `${path}.tokens`;

/** The ids of a prompt's virtual tokens: a frozen value of every graph with the adapter. */
export const promptListName = 'prompt.ids';

/** A₀ and B₀ of a module that began with a part of its base: frozen values of every graph with the adapter. */
export const startName = (path: string, which: 'a' | 'b') => `${path}.start_${which}`;

/** Bytes that an adapter takes on the device besides its flat buffer while it is trained. */
export function extraBytes({ modules, tokens, prompt }: AdapterShape): number {
  let bytes = 4 * (prompt?.count ?? 0);
  for (const { ids } of tokens?.values() ?? []) bytes += 4 * ids.length;
  for (const { start, r, inFeatures, outFeatures } of modules.values())
    if (start) bytes += 4 * r * (inFeatures + outFeatures);
  return bytes;
}

export class FlatAdapter {
  private norms: GPUBuffer | undefined;
  /** What a graph needs besides the parameters, by `normName` and `tokenListName`. */
  readonly extra = new Map<string, Slot>();

  private constructor(
    readonly device: Device,
    readonly shape: AdapterShape,
    readonly params: GPUBuffer,
  ) {}

  static load(device: Device, adapter: Adapter): Promise<FlatAdapter> {
    return FlatAdapter.create(device, adapter, tensorsOf(adapter));
  }

  static async create(device: Device, shape: AdapterShape, values: TensorTable): Promise<FlatAdapter> {
    const params = await allocateFlat(device, 'adapter', flatLayout(shape).length);
    const adapter = new FlatAdapter(device, shape, params);
    try {
      adapter.write(values);
      for (const [path, { ids }] of shape.tokens ?? []) await adapter.keep(tokenListName(path), Uint32Array.from(ids));
      if (shape.prompt) await adapter.keep(promptListName, Uint32Array.from(virtualIds(shape.prompt)));
      for (const [path, { start }] of shape.modules) {
        if (start === undefined) continue;
        if (start === true) throw new RangeError(`Cannot load adapter: found no start of "${path}", need its A and B`);
        await adapter.keep(startName(path, 'a'), start.a);
        await adapter.keep(startName(path, 'b'), start.b);
      }
      return adapter;
    } catch (error) {
      adapter.destroy();
      throw error;
    }
  }

  /** Call before use: measures the row norms that DoRA's magnitudes are relative to, for the current parameters. */
  async measure(model: BaseModel): Promise<void> {
    this.norms ??= await allocateNorms(this);
    if (this.norms !== undefined) await measureNorms(model, this);
  }

  /** A copy with the adapter's current numbers. */
  static async copyOf({ device, shape, params }: FlatAdapter): Promise<FlatAdapter> {
    const copy = await allocateFlat(device, 'copied adapter', flatLayout(shape).length);
    const encoder = device.gpu.createCommandEncoder({ label: 'copy adapter' });
    encoder.copyBufferToBuffer(params, 0, copy, 0, params.size);
    device.gpu.queue.submit([encoder.finish()]);
    return new FlatAdapter(device, shape, copy);
  }

  write(values: TensorTable): void {
    for (const { name, shape, offset } of flatLayout(this.shape).entries) {
      const data = values.get(name);
      if (data?.length !== elements(shape))
        throw new RangeError(
          `Cannot load adapter: found ${data?.length ?? 0} numbers of "${name}", need ${shape.join('×')}`,
        );
      this.device.gpu.queue.writeBuffer(this.params, 4 * offset, data as Float32Array<ArrayBuffer>);
    }
  }

  /** Uploads constants to a buffer of their own. */
  private async keep(name: string, values: Uint32Array | Float32Array): Promise<void> {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
    const buffer = await this.device.allocate(name, values.byteLength, usage);
    this.extra.set(name, { buffer, offset: 0, size: values.byteLength });
    this.device.gpu.queue.writeBuffer(buffer, 0, values as Float32Array<ArrayBuffer>);
  }

  /** Reads all tensors back to the host. */
  async read(): Promise<Map<string, Float32Array>> {
    return splitFlat(this.shape, await readFlat(this.device, this.params));
  }

  slot({ shape, offset }: Pick<FlatEntry, 'shape' | 'offset'>): Slot {
    return { buffer: this.params, offset: 4 * offset, size: 4 * elements(shape) };
  }

  destroy(): void {
    this.norms?.destroy();
    this.params.destroy();
    for (const { buffer } of this.extra.values()) buffer.destroy(); // a second time is no harm
  }
}

/** The tensors in a flat buffer's values, in the order of the adapter's list. */
export function splitFlat(shape: AdapterShape, flat: Float32Array): Map<string, Float32Array> {
  const offsets = new Map(flatLayout(shape).entries.map(({ name, offset }) => [name, offset]));
  return new Map(
    adapterTensors(shape).map(({ name, shape: sizes }) => {
      const offset = offsets.get(name)!;
      return [name, flat.slice(offset, offset + elements(sizes))];
    }),
  );
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
