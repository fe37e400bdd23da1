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
export interface Work {
  readonly name: string;
  readonly unpacks: boolean;
  readonly multiplies: boolean;
}

export const WORKS: readonly Work[] = [
  { name: 'loaded', unpacks: false, multiplies: false },
  { name: 'unpacked', unpacks: true, multiplies: false },
  { name: 'multiplied', unpacks: true, multiplies: true },
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

/** One piece of work over a pass that multiplies by these matrices (O,C) one after the other, a dispatch for each. */
export async function passLimit(
  device: Device,
  matrices: readonly (readonly [O: number, C: number])[],
  work: Work,
): Promise<Limit> {
  const parts: Part[] = [];
  for (const [O, C] of matrices) parts.push(await makePart(device, O, C, work, true));
  const destroy = () => {
    for (const part of parts) part.destroy();
  };
  return { name: work.name, products: matrices.length, run: runOf(device, parts), destroy };
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
