// graft bench: what a training step costs here, on the workload that other engines can run too.

import { readFileSync, writeFileSync } from 'node:fs';
import {
  type BenchResult,
  benchCase,
  benchLevels,
  CHECKPOINTING,
  type LevelResult,
  median,
  openNodeDevice,
  parseCase,
  tuneNodeDevice,
} from '../engine/node.ts';
import { SCHEMES } from './model-flags.ts';
import { parseFlags } from './usage.ts';

const FLAGS = {
  warm: { type: 'string' },
  steps: { type: 'string' },
  quant: { type: 'string' },
  checkpointing: { type: 'string' },
  levels: { type: 'boolean' },
  kernels: { type: 'boolean' },
  json: { type: 'string' },
  compare: { type: 'string' },
} as const;

interface BenchFile {
  readonly device: string;
  readonly isSoftware: boolean;
  readonly date: string;
  readonly results: readonly (BenchResult & {
    /** Most memory of this process so far, bytes. */
    readonly hostBytes: number;
  })[];
}

export const bench = {
  summary: 'time a training step on a workload that other engines can run too',
  help: `usage: graft bench [case …] [flags]

  S-b1-s128                  model S, one row of 128 tokens; models T, XS, S, M, TinyLlama, Llama1B
  S-decode                   tokens of an answer of 32; S-decode-s512: of a long one; S-decode-a4: four with an adapter each
  S-b1-s128-a2               a step of each of two adapters that train at once
  S-b1-s128-l12-r64          twelve layers, rank 64

  --warm 2  --steps 7        steps before and while measuring
  --quant int8-row           q8|int8-row|nf4|nf4-dq|f16|f32; the workload's weights are int8-row exactly
  --checkpointing none       none|block|block-keep-attention
  --levels                   the levels of checkpointing by turns: time beside that of keeping everything, and activations
  --kernels                  time by kernel: by timestamp queries where the device has them
  --json FILE                writes the figures
  --compare FILE             shows the change against figures written earlier
  GRAFT_VARIANTS=name,…      kernels to take wherever they can run; see graft doctor`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('bench', args, FLAGS, { min: 0, max: 64 });
    const cases =
      flags.positionals.length > 0 ? flags.positionals : ['XS-b1-s128', 'S-b1-s128', 'S-b4-s128', 'S-decode'];
    cases.forEach(parseCase);
    const options = {
      warm: flags.number('warm', 2),
      steps: flags.number('steps', 7),
      quant: flags.choice('quant', SCHEMES, 'int8-row'),
      checkpointing: flags.choice('checkpointing', CHECKPOINTING, 'none'),
      wantsKernels: flags.has('kernels'),
    };
    const earlier = flags.text('compare');
    const before = earlier === undefined ? undefined : (JSON.parse(readFileSync(earlier, 'utf8')) as BenchFile);
    const device = await openNodeDevice();
    await tuneNodeDevice(device);
    console.log(
      `${device.name}${device.isSoftware ? ' · a software adapter: compare ratios, not times' : ''} · ${options.quant}${options.checkpointing === 'none' ? '' : ` · checkpointing ${options.checkpointing}`}`,
    );
    if (flags.has('levels')) {
      for (const name of cases)
        printLevels(name, await benchLevels(device, name, options, device.isSoftware ? processorMs : undefined));
      device.destroy();
      return;
    }
    const results: BenchFile['results'][number][] = [];
    for (const name of cases) {
      const result = await benchCase(device, name, options, device.isSoftware ? processorMs : undefined);
      results.push({ ...result, hostBytes: process.resourceUsage().maxRSS * 1024 });
      print(result, before);
    }
    if (cases.length > 1) printTable(results);
    const file: BenchFile = {
      device: device.name,
      isSoftware: device.isSoftware,
      date: new Date().toISOString(),
      results,
    };
    if (flags.text('json') !== undefined) writeFileSync(flags.text('json')!, `${JSON.stringify(file, null, 1)}\n`);
    device.destroy();
  },
};

function print(r: BenchResult, before: BenchFile | undefined): void {
  const earlier = before?.results.find((b) => b.case === r.case);
  const change = earlier === undefined ? '' : ` · ${(r.msMedian / earlier.msMedian).toFixed(2)}× the earlier time`;
  const worked = r.processorMs
    ? ` · processor time ${r.processorMs.median.toFixed(1)} ms, ${r.processorMs.least.toFixed(1)} at least`
    : '';
  const what = r.weightBytes === undefined ? 'a step' : 'a token';
  console.log(
    `\n${r.case}: ${r.msMedian.toFixed(1)} ms ${what} (${r.msMin.toFixed(1)} … ${r.msMax.toFixed(1)}), first ${(r.firstStepMs / 1000).toFixed(1)} s${change}${worked}`,
  );
  console.log(
    `  ${r.tokensPerSecond.toFixed(0)} tokens/s · ${giga(r.flops)} GFLOP/s useful, ${percent(r.flops, r.rates.flops)} of the f32 rate of ${giga(r.rates.flops)}, ${percent(r.flops, r.rates.plainFlops)} of a plain loop's ${giga(r.rates.plainFlops)}`,
  );
  if (r.weightBytes !== undefined)
    console.log(
      `  ${giga(r.weightBytes)} GB/s of weights, ${percent(r.weightBytes, r.rates.readBytes)} of the read rate of ${giga(r.rates.readBytes)}`,
    );
  const memory =
    r.plannedBytes === undefined
      ? ''
      : ` · planned ${mib(r.plannedBytes)}, allocated ${mib(r.allocatedBytes!)} beside the base`;
  console.log(
    `  ${r.dispatches} dispatches, ${r.dispatchesPerLayer} a layer · host ${r.hostMs.toFixed(1)} ms, ${percent(r.hostMs, r.msMedian)}${memory}`,
  );
  if (r.losses.length > 0)
    console.log(
      `  losses ${r.losses.map((l) => l.toFixed(5)).join(' ')}${r.reference ? ` · reference ${r.reference.join(' ')}` : ''}`,
    );
  if (r.kernelsTimedBy !== undefined) console.log(`  kernels, timed by ${r.kernelsTimedBy}:`);
  for (const k of r.kernels)
    console.log(`    ${k.ms.toFixed(2).padStart(9)} ms  ${String(k.count).padStart(4)} ×  ${k.name}`);
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function printLevels(name: string, levels: readonly LevelResult[]): void {
  const [whole] = levels;
  console.log(`\n${name}, by turns`);
  for (const { level, times, ratio, processorRatio, activationBytes, dispatches, loss } of levels)
    console.log(
      `  ${level.padEnd(21)}${median(times).toFixed(0).padStart(8)} ms (${Math.min(...times).toFixed(0)} … ${Math.max(...times).toFixed(0)}), ${ratio.toFixed(2)}×${processorRatio === undefined ? '' : `, by processor time ${processorRatio.toFixed(2)}×`} · activations ${mib(activationBytes)}, ${percent(activationBytes, whole!.activationBytes)} · ${dispatches} dispatches · loss ${loss.toFixed(6)}`,
    );
}

function printTable(results: BenchFile['results']): void {
  const rows = results.map((r) => [
    r.case,
    r.msMedian.toFixed(1),
    r.tokensPerSecond.toFixed(0),
    giga(r.flops),
    percent(r.flops, r.rates.flops),
    r.allocatedBytes === undefined ? '' : mib(r.allocatedBytes),
    String(r.dispatches),
    percent(r.hostMs, r.msMedian),
  ]);
  const table = [['case', 'ms', 'tokens/s', 'GFLOP/s', 'of f32', 'beside base', 'dispatches', 'host'], ...rows];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  console.log('');
  for (const row of table)
    console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '));
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
function giga(n: number): string {
  return (n / 1e9).toFixed(1);
}
function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(0)} %`;
}
