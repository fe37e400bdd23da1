// graft bench: what a training step costs here, on the workload that other engines can run too.

import { readFileSync, writeFileSync } from 'node:fs';
import { type BenchResult, benchStep, CHECKPOINTING, measureFma, openNodeDevice, parseCase } from '../engine/node.ts';
import { SCHEMES } from './model-flags.ts';
import { parseFlags } from './usage.ts';

const FLAGS = {
  warm: { type: 'string' },
  steps: { type: 'string' },
  quant: { type: 'string' },
  checkpointing: { type: 'string' },
  kernels: { type: 'boolean' },
  json: { type: 'string' },
  compare: { type: 'string' },
} as const;

interface BenchFile {
  readonly device: string;
  readonly isSoftware: boolean;
  readonly date: string;
  /** f32 multiply-adds, as two operations, measured in the same run. */
  readonly fma: number;
  readonly results: readonly BenchResult[];
}

export const bench = {
  summary: 'time a training step on a workload that other engines can run too',
  help: `usage: graft bench [case …] [flags]      cases: S-b1-s128 is model S, one row of 128 tokens; models T, XS, S, M

  --warm 2  --steps 7        steps before and while measuring
  --quant int8-row           q8|int8-row|nf4|nf4-dq|f16|f32; the workload's weights are int8-row exactly
  --checkpointing none       none|block|block-keep-attention
  --kernels                  time by kernel, each dispatch waited for on its own
  --json FILE                writes the figures
  --compare FILE             shows the change against figures written earlier`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('bench', args, FLAGS, { min: 0, max: 64 });
    const cases = flags.positionals.length > 0 ? flags.positionals : ['XS-b1-s128', 'S-b1-s128', 'S-b4-s128'];
    cases.forEach(parseCase);
    const options = {
      warm: flags.number('warm', 2),
      steps: flags.number('steps', 7),
      quant: flags.choice('quant', SCHEMES, 'int8-row'),
      checkpointing: flags.choice('checkpointing', CHECKPOINTING, 'none'),
      wantsKernels: flags.has('kernels'),
    };
    const before =
      flags.text('compare') === undefined
        ? undefined
        : (JSON.parse(readFileSync(flags.text('compare')!, 'utf8')) as BenchFile);
    const device = await openNodeDevice();
    const fma = await measureFma(device);
    console.log(
      `${device.name} · f32 rate ${gflops(fma)} GFLOP/s${device.isSoftware ? ' · a software adapter: compare ratios, not times' : ''}`,
    );
    const results: BenchResult[] = [];
    for (const name of cases) {
      const result = await benchStep(device, name, options);
      results.push(result);
      print(result, fma, before);
    }
    const file: BenchFile = {
      device: device.name,
      isSoftware: device.isSoftware,
      date: new Date().toISOString(),
      fma,
      results,
    };
    if (flags.text('json') !== undefined) writeFileSync(flags.text('json')!, `${JSON.stringify(file, null, 1)}\n`);
    device.destroy();
  },
};

function print(r: BenchResult, fma: number, before: BenchFile | undefined): void {
  const earlier = before?.results.find((b) => b.case === r.case);
  const change = earlier === undefined ? '' : ` · ${(r.msMedian / earlier.msMedian).toFixed(2)}× the earlier time`;
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  console.log(
    `\n${r.case}: ${r.msMedian.toFixed(1)} ms a step (${r.msMin.toFixed(1)} … ${r.msMax.toFixed(1)}), first step ${(r.firstStepMs / 1000).toFixed(1)} s${change}`,
  );
  console.log(
    `  ${r.tokensPerSecond.toFixed(0)} tokens/s · ${gflops(r.flops)} GFLOP/s useful, ${((100 * r.flops) / fma).toFixed(0)} % of the f32 rate`,
  );
  console.log(
    `  ${r.dispatches} dispatches · planned ${mib(r.plannedBytes)}, allocated ${mib(r.allocatedBytes)} beside the base`,
  );
  console.log(
    `  losses ${r.losses.map((l) => l.toFixed(5)).join(' ')}${r.reference ? ` · reference ${r.reference.join(' ')}` : ''}`,
  );
  for (const k of r.kernels)
    console.log(`    ${k.ms.toFixed(2).padStart(9)} ms  ${String(k.count).padStart(4)} ×  ${k.name}`);
}

function gflops(flops: number): string {
  return (flops / 1e9).toFixed(1);
}
