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

const LIMITS = [
  { name: 'loaded', unpacks: false, multiplies: false },
  { name: 'unpacked', unpacks: true, multiplies: false },
  { name: 'multiplied', unpacks: true, multiplies: true },
];

/** Loads alone, with unpacking and with products, in order of memory and with rows side by side, of `bytes` of codes at least. */
export async function* matmulLimits(
  device: Device,
  { O, C }: Pick<Shape, 'O' | 'C'>,
  bytes: number,
): AsyncGenerator<Limit> {
  const { gpu } = device;
  const products = Math.ceil(bytes / (O * C));
  const rows = products * O;
  for (const isInOrder of [true, false])
    for (const { name, unpacks, multiplies } of LIMITS) {
      const constants = `const ROWS = ${rows}u; const COLUMNS = ${C}u; const IN_ORDER = ${isInOrder}; const UNPACKS = ${unpacks}; const MULTIPLIES = ${multiplies};`;
      const module = gpu.createShaderModule({ label: 'matmul limit', code: `${constants}\n${shader}` });
      const pipeline = await gpu.createComputePipelineAsync({
        layout: 'auto',
        compute: { module, entryPoint: 'main' },
      });
      const codes = await device.allocate('limit codes', rows * C, GPUBufferUsage.STORAGE);
      const y = await device.allocate('limit', 4 * 8 * Math.ceil(rows / 32), GPUBufferUsage.STORAGE);
      const x = await device.allocate('limit x', 64, GPUBufferUsage.STORAGE);
      const group = gpu.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [codes, y, x].map((buffer, binding) => ({ binding, resource: { buffer } })),
      });
      const once = async () => {
        const encoder = gpu.createCommandEncoder();
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(Math.ceil(rows / 32));
        pass.end();
        gpu.queue.submit([encoder.finish()]);
      };
      yield {
        name: `the limit ${isInOrder ? 'in order' : 'by rows'}: ${name}`,
        products,
        run: timed(once, () => device.guard(gpu.queue.onSubmittedWorkDone())),
        destroy: () => {
          for (const buffer of [codes, y, x]) buffer.destroy();
        },
      };
    }
}
