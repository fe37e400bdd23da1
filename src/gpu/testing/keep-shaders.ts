// With GRAFT_KEEP_SHADERS=FOLDER every shader that a test compiles is written there, with the constants of its pipeline, so that other
// compilers than Dawn's can be asked about them (tools/check-naga.mjs).

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Keeps what devices of this class compile from now on; without the variable it does nothing. */
export function keepShaders(deviceClass: { readonly prototype: GPUDevice }): void {
  const folder = process.env.GRAFT_KEEP_SHADERS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  const sources = new WeakMap<GPUShaderModule, string>();
  const { createShaderModule, createComputePipelineAsync } = deviceClass.prototype;
  deviceClass.prototype.createShaderModule = function (descriptor) {
    const module = createShaderModule.call(this, descriptor);
    sources.set(module, descriptor.code);
    return module;
  };
  deviceClass.prototype.createComputePipelineAsync = function (descriptor) {
    const { module, constants = {} } = descriptor.compute;
    const code = sources.get(module) ?? '';
    const hash = createHash('sha256').update(code).update(JSON.stringify(constants)).digest('hex').slice(0, 12);
    const name = path.join(folder, `${descriptor.label?.replace(/\W+/g, '-')}.${hash}`);
    writeFileSync(`${name}.wgsl`, code);
    writeFileSync(`${name}.json`, JSON.stringify(constants));
    return createComputePipelineAsync.call(this, descriptor);
  };
}
