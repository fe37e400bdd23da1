// Runs matmul-limit.wgsl, which no product is made of: hence past the shaders of the engine, which a page loads.

import type { Device } from '../device.ts';
import type { Shape } from './matmul-cases.ts';
import shader from './matmul-limit.wgsl?raw';
import { type Run, timed } from './time-by-turns.ts';

export interface Limit {
  readonly name: string;
  /** Reads so many weights (O,C) in a pass. */
  readonly products: number;
  readonly run: Run;
  destroy(): void;
}

/** What is done with the codes; see the shader. */
interface Work {
  readonly name: string;
  readonly unpacks: boolean;
  readonly multiplies: boolean;
}

const MULTIPLIED: Work = { name: 'multiplied', unpacks: true, multiplies: true };
const WORKS: readonly Work[] = [
  { name: 'loaded', unpacks: false, multiplies: false },
  { name: 'unpacked', unpacks: true, multiplies: false },
  MULTIPLIED,
];

/** A dispatch of the shader. */
interface Part {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: number;
  destroy(): void;
}

/** Loads alone, with unpacking and with products, in order of memory and with rows side by side, of `bytes` of codes at least. */
export async function* matmulLimits(
  device: Device,
  { O, C }: Pick<Shape, 'O' | 'C'>,
  bytes: number,
): AsyncGenerator<Limit> {
  const products = Math.ceil(bytes / (O * C));
  for (const isInOrder of [true, false])
    for (const work of WORKS) {
      const part = await makePart(device, products * O, C, work, isInOrder);
      yield {
        name: `the limit ${isInOrder ? 'in order' : 'by rows'}: ${work.name}`,
        products,
        run: runOf(device, [part]),
        destroy: part.destroy,
      };
    }
}

/** A model of which a token multiplies by `matrices` (O,C) in each layer and by `head`. */
export interface TokenSizes {
  readonly layers: number;
  readonly matrices: readonly (readonly [O: number, C: number])[];
  readonly head: readonly [O: number, C: number];
  /** Dispatches of the engine's own pass. */
  readonly dispatches: number;
}

/**
 * What no token can do without: its codes loaded, unpacked and multiplied by registers, a dispatch for each matrix; and so many
 * dispatches in all, those beside the products with nothing in them.
 */
export async function tokenLimit(device: Device, { layers, matrices, head, dispatches }: TokenSizes): Promise<Limit> {
  const parts: Part[] = [];
  const empty = await makePart(device, 1, 16, WORKS[0]!, true);
  const others = dispatches - layers * matrices.length - 1;
  for (let layer = 0; layer < layers; layer++) {
    for (const [O, C] of matrices) parts.push(await makePart(device, O, C, MULTIPLIED, true));
    // Between the products, as they lie in a pass.
    for (let i = Math.floor((others * layer) / layers); i < Math.floor((others * (layer + 1)) / layers); i++)
      parts.splice(-(i % matrices.length), 0, empty);
  }
  parts.push(await makePart(device, ...head, MULTIPLIED, true));
  return {
    name: `a token at least: ${parts.length} dispatches`,
    products: 1,
    run: runOf(device, parts),
    destroy: () => {
      for (const part of new Set(parts)) part.destroy();
    },
  };
}

async function makePart(device: Device, rows: number, C: number, work: Work, isInOrder: boolean): Promise<Part> {
  const { gpu } = device;
  const constants = `const ROWS = ${rows}u; const COLUMNS = ${C}u; const IN_ORDER = ${isInOrder}; const UNPACKS = ${work.unpacks}; const MULTIPLIES = ${work.multiplies};`;
  const module = gpu.createShaderModule({ label: 'matmul limit', code: `${constants}\n${shader}` });
  const pipeline = await gpu.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const workgroups = Math.ceil(rows / 32);
  const codes = await device.allocate('limit codes', Math.max(256, rows * C), GPUBufferUsage.STORAGE);
  const y = await device.allocate('limit', Math.max(256, 4 * 8 * workgroups), GPUBufferUsage.STORAGE);
  const x = await device.allocate('limit x', 64, GPUBufferUsage.STORAGE);
  const group = gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [codes, y, x].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const destroy = () => {
    for (const buffer of [codes, y, x]) buffer.destroy();
  };
  return { pipeline, group, workgroups, destroy };
}

function runOf(device: Device, parts: readonly Part[]): Run {
  const { gpu } = device;
  const once = async () => {
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, group, workgroups } of parts) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(workgroups);
    }
    pass.end();
    gpu.queue.submit([encoder.finish()]);
  };
  return timed(once, () => device.guard(gpu.queue.onSubmittedWorkDone()));
}
