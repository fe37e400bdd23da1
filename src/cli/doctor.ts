// graft doctor: the GPU that Graft would use here and how fast it really is; what opening a model costs.

import { diagnose, diagnoseOpening } from '../engine/node.ts';
import { MODEL_FLAGS, MODEL_HELP, readQuant } from './model-flags.ts';
import { type Parsed, parseFlags } from './usage.ts';

const FLAGS = { ...MODEL_FLAGS, calibrate: { type: 'boolean' }, json: { type: 'boolean' } } as const;

export const doctor = {
  summary: 'the GPU, its limits and its measured speed',
  help: `usage: graft doctor [--model <model>] [--calibrate] [--json]

  --calibrate               measures the kernel variants again (done once per device, in at most 1.5 s);
                            GRAFT_VARIANTS=name,… takes these variants wherever they can run, in every command;
                            GRAFT_DAWN=enable-dawn-features=allow_unsafe_apis offers subgroup matrices where the driver has
                            them, an experiment still: they are used when they multiply rightly

  With a model: opens it and reports how long that takes (from its files, or from the copy kept by an earlier opening),
  how many bytes it takes on the GPU, and the peak memory of this process.
${MODEL_HELP}`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('doctor', args, FLAGS, { min: 0, max: 0 });
    if (flags.text('model') !== undefined) return openModel(flags);
    const report = await diagnose(flags.has('calibrate'));
    if (flags.has('json')) {
      console.log(JSON.stringify(report));
      return;
    }
    const rows = [
      ['GPU', report.name],
      ['software adapter', report.isSoftware ? 'yes: correct, but far slower than a GPU' : 'no'],
      ['f32 rate', `${(report.flops / 1e9).toFixed(1)} GFLOP/s`],
      ['memory bandwidth', `${(report.bytesPerSecond / 1e9).toFixed(1)} GB/s`],
      ['largest buffer', mib(report.limits.maxBufferBytes)],
      ['largest binding', mib(report.limits.maxBindingBytes)],
      ['workgroup memory', `${report.limits.maxWorkgroupBytes / 1024} KiB`],
      ['features', report.features.join(', ') || 'none'],
      ['subgroup matrices', matrices(report)],
    ] as const;
    print(rows);
    console.log('\nproducts');
    for (const { shapes, variant, of } of report.variants)
      console.log(`  ${shapes.padEnd(22)}${variant}${of > 1 ? ` (the best of ${of})` : ''}`);
  },
};

async function openModel(flags: Parsed): Promise<void> {
  const report = await diagnoseOpening(flags.required('model'), readQuant(flags), flags.text('hf-token'));
  if (flags.has('json')) {
    console.log(JSON.stringify(report));
    return;
  }
  print([
    ['model', report.name],
    ['opened in', `${(report.ms / 1000).toFixed(2)} s, from ${report.fromCache ? 'the kept copy' : 'its files'}`],
    ['weights on GPU', `${mib(report.weightBytes)}, ${report.quant.linears} (embedding ${report.quant.embeddings})`],
    [
      'peak host memory',
      `${mib(report.hostBytes)}${report.isSoftware ? ', the weights left out, which a software adapter keeps there as well' : ''}`,
    ],
    ...report.warnings.map((warning) => ['warning', warning] as const),
  ]);
}

function matrices({ offersMatrices, matrices }: Awaited<ReturnType<typeof diagnose>>): string {
  if (matrices.length > 0) return matrices.map(({ component, M, N, K }) => `${component} ${M}x${N}x${K}`).join(', ');
  return offersMatrices ? 'offered, but none that multiplies rightly' : 'not offered';
}

function print(rows: readonly (readonly [string, string])[]): void {
  for (const [name, value] of rows) console.log(`${name.padEnd(18)}${value}`);
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`;
}
