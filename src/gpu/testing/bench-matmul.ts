// Times every variant of the products and prints tables; started by tools/bench-matmul.mjs.
// Shares are those of the rates of yardsticks.ts, measured by turns with each product: by the clock, and by processor time,
// which says more on a software adapter whose machine has other work.

import type { Device } from '../device.ts';
import { MANY_BYTES, productCases, type Shape, tokenCases } from './matmul-cases.ts';
import { matmulLimits } from './matmul-limit.ts';
import { openDevice } from './open-device.ts';
import { bestByTurns, loadCase, type Run, type Timing } from './time-by-turns.ts';
import { loadYardsticks, type Rates, type Yardsticks } from './yardsticks.ts';

export async function benchMatmul(
  shapes: readonly (readonly [T: number, O: number, C: number])[],
  only = '',
): Promise<void> {
  const device = await openDevice();
  const yardsticks = await loadYardsticks(device);
  for (const [T, O, C] of shapes) {
    if (T === 1) await benchToken(device, yardsticks, { T, O, C }, only);
    else await benchProducts(device, yardsticks, { T, O, C }, only);
  }
  for (const { destroy } of yardsticks.loaded) destroy();
}

async function benchProducts(device: Device, yardsticks: Yardsticks, shape: Shape, only: string): Promise<void> {
  const { T, O, C } = shape;
  console.info(`\n${`T=${T} O=${O} C=${C}`.padEnd(NAME)} clock ms  unrolled   plain  processor ms  unrolled   plain`);
  const seen: Rates[] = [];
  for (const c of productCases(device.traits, shape)) {
    if (!c.name.startsWith(only)) continue;
    const { run, destroy } = await loadCase(device, c);
    const { timing, rates } = await besideYardsticks(run, yardsticks);
    seen.push(rates);
    const flops = c.graph.ops.reduce((n, op) => n + op.flops, 0);
    const shares = (by: keyof Timing) =>
      [rates.unrolled, rates.plain].map((rate) => share(flops / timing[by], rate[by])).join('');
    console.info(
      c.name.padEnd(NAME),
      (timing.wall / c.products).toFixed(3).padStart(8),
      shares('wall'),
      (timing.processor / c.products).toFixed(3).padStart(13),
      shares('processor'),
    );
    destroy();
  }
  for (const name of ['unrolled', 'plain'] as const) printRate(`the f32 rate, ${name}`, 'GFLOP', name, seen);
}

async function benchToken(device: Device, yardsticks: Yardsticks, shape: Shape, only: string): Promise<void> {
  const { O, C } = shape;
  console.info(`\n${`one token, O=${O} C=${C}`.padEnd(NAME)} clock ms    GB/s  of reading  processor ms  of reading`);
  const seen: Rates[] = [];
  const time = async (name: string, run: Run, products: number, weightBytes: number) => {
    const { timing, rates } = await besideYardsticks(run, yardsticks);
    seen.push(rates);
    const bytes = products * weightBytes;
    console.info(
      name.padEnd(NAME),
      (timing.wall / products).toFixed(3).padStart(8),
      (bytes / timing.wall / 1e6).toFixed(1).padStart(7),
      share(bytes / timing.wall, rates.reading.wall).padStart(11),
      (timing.processor / products).toFixed(3).padStart(13),
      share(bytes / timing.processor, rates.reading.processor).padStart(11),
    );
  };
  for (const c of tokenCases(device.traits, shape)) {
    if (!c.name.startsWith(only)) continue;
    const { run, destroy } = await loadCase(device, c);
    await time(c.name, run, c.products, c.weightBytes);
    destroy();
  }
  if (C % 16 === 0)
    for await (const { name, run, products, destroy } of matmulLimits(device, shape, MANY_BYTES)) {
      if (name.startsWith(only)) await time(name, run, products, O * C);
      destroy();
    }
  printRate('the read rate', 'GB', 'reading', seen);
}

async function besideYardsticks(run: Run, { loaded, rates }: Yardsticks): Promise<{ timing: Timing; rates: Rates }> {
  const [timing, ...others] = await bestByTurns([run, ...loaded.map((l) => l.run)]);
  return { timing: timing!, rates: rates(others) };
}

const NAME = 40;

const share = (rate: number, of: number): string => `${((100 * rate) / of).toFixed(0)} %`.padStart(8);

/** The range of what was measured beside the rows above. */
function printRate(what: string, unit: string, name: keyof Rates, seen: readonly Rates[]): void {
  const range = (by: keyof Timing) => {
    const sorted = seen.map((r) => r[name][by] / 1e6).sort((a, b) => a - b);
    return `${sorted[0]?.toFixed(1)} to ${sorted.at(-1)?.toFixed(1)} ${unit}/s`;
  };
  if (seen.length > 0) console.info(`${what}: ${range('wall')} by the clock, ${range('processor')} of processor time`);
}
