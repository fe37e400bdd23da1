// Run as a program: prints, as one line of JSON, the adapter that Dawn opens in this environment, or null.
// A program of its own because Dawn can abort the process over a driver that it cannot use.
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);
const gpu = create([]);
const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
const opened = await adapter?.requestDevice();
console.log(JSON.stringify(opened ? summary(adapter.info) : null));
process.exit();

function summary(info) {
  const name = info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(' ');
  const software = /swiftshader|llvmpipe|lavapipe|microsoft basic render|warp/i;
  return { name, isSoftware: info.isFallbackAdapter === true || software.test(`${info.architecture} ${name}`) };
}
