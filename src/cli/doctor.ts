// graft doctor: the GPU that Graft would use here, and how fast it really is.

import { diagnose } from '../engine/node.ts';
import { parseFlags } from './usage.ts';

export const doctor = {
  summary: 'the GPU, its limits and its measured speed',
  help: 'usage: graft doctor [--json]',

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('doctor', args, { json: { type: 'boolean' } }, { min: 0, max: 0 });
    const report = await diagnose();
    if (flags.has('json')) {
      console.log(JSON.stringify(report));
      return;
    }
    const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`;
    const rows = [
      ['GPU', report.name],
      ['software adapter', report.isSoftware ? 'yes: correct, but far slower than a GPU' : 'no'],
      ['f32 rate', `${(report.flops / 1e9).toFixed(1)} GFLOP/s`],
      ['memory bandwidth', `${(report.bytesPerSecond / 1e9).toFixed(1)} GB/s`],
      ['largest buffer', mib(report.limits.maxBufferBytes)],
      ['largest binding', mib(report.limits.maxBindingBytes)],
      ['workgroup memory', `${report.limits.maxWorkgroupBytes / 1024} KiB`],
      ['features', report.features.join(', ') || 'none'],
    ] as const;
    for (const [name, value] of rows) console.log(`${name.padEnd(18)}${value}`);
  },
};
