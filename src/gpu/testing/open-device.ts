// The device that kernel tests run on: Dawn in Node, on whatever Vulkan, Metal or Direct3D driver the machine has.
// No device is a failure, never a pass.

import { globals } from 'webgpu';
import { openDawn } from '../dawn.node.ts';
import { Device } from '../device.ts';
import { keepShaders } from './keep-shaders.ts';

keepShaders((globals as unknown as { readonly GPUDevice: { readonly prototype: GPUDevice } }).GPUDevice);
const gpu = openDawn();

/** For tests that want a device of their own. */
export const openGpu = (): GPU => gpu;

let opened: Promise<Device> | undefined;

export function openDevice(): Promise<Device> {
  opened ??= Device.open(gpu).then((device) => {
    console.info(`GPU: ${device.name} · ${[...device.gpu.features].sort().join(' ')}`);
    return device;
  });
  return opened;
}
