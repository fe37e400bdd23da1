import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import type { Traits } from '../traits.ts';
import { add } from './add.ts';
import { type RmsNormSizes, rmsNormBackwardCpu, rmsNormCpu } from './rms-norm.cpu.ts';
import { rmsNorm } from './rms-norm.ts';

const EPS = 1e-5;
/** f32 sums of C squares of order 1, a reciprocal square root and a cube of it (3 times its error). */
const rounding = (C: number) => 8 * 2 ** -24 * Math.sqrt(C) + 1e-6;

/** y = norm(x) and, when `twice`, a second reader of x, so that dx is added to a gradient that is there. */
async function check(traits: Traits, { G, C, T }: RmsNormSizes, twice: boolean): Promise<void> {
  const g = new Graph(traits);
  const x = variable(g, 'x', [G * C, T]);
  const weight = g.frozen('weight', [C]);
  const y = rmsNorm(g, x, weight, EPS);
  const z = twice ? add(g, rmsNorm(g, x, weight, EPS), y) : y;
  const [dz, dx] = gradientsOf(g, z, x);
  const [xv, wv, dv] = [noise(G * C * T, 1), noise(C, 2), noise(G * C * T, 3)];
  const [out, dOut] = await runCase({
    graph: g,
    data: new Map([
      [x, xv],
      [weight, wv],
      [dz, dv],
    ]),
    results: [z, dx!],
  });
  const times = twice ? 2 : 1;
  expectClose(
    out!,
    rmsNormCpu(xv, wv, { G, C, T }, EPS).map((v) => times * v),
    rounding(C),
    T,
  );
  expectClose(
    dOut!,
    rmsNormBackwardCpu(xv, wv, dv, { G, C, T }, EPS).map((v) => times * v),
    rounding(C),
    T,
  );
}

describe.each(['cpu', 'gpu'] as const)('rmsNorm() of the variant for %s', (kind) => {
  it('matches its twin at awkward sizes, forward and backward', async () => {
    const traits = { ...(await openDevice()).traits, kind };
    for (const [C, T] of [
      [4, 4],
      [61, 4],
      [7, 12],
      [31, 16],
      [32, 20],
      [33, 28],
      [65, 36],
    ] as const)
      await check(traits, { G: 1, C, T }, T % 8 === 0);
  });
  it('matches its twin at sizes of a real model', async () => {
    const traits = { ...(await openDevice()).traits, kind };
    await check(traits, { G: 1, C: 576, T: 132 }, true);
  });
  it('normalises each head by itself when the weight is as long as a head', async () => {
    const traits = { ...(await openDevice()).traits, kind };
    for (const T of [36, 4]) await check(traits, { G: 3, C: 20, T }, false);
  });
});

describe('rmsNorm()', () => {
  it('has a twin whose backward agrees with finite differences', () => {
    const sizes = { G: 2, C: 5, T: 4 };
    const x = Float64Array.from(noise(40, 1));
    const [weight, dy] = [noise(5, 2), noise(40, 3)];
    const expected = slope(x, dy, () => rmsNormCpu(x, weight, sizes, EPS));
    expectClose(rmsNormBackwardCpu(x, weight, dy, sizes, EPS), expected, 1e-8);
    expect(() => expectClose(rmsNormBackwardCpu(x, weight, dy, sizes, 0.1), expected, 1e-8)).toThrow(/worst relative/);
  });
  it('refuses rows that the weight does not divide', async () => {
    const g = new Graph((await openDevice()).traits);
    expect(() => rmsNorm(g, g.input('x', [10, 4]), g.frozen('w', [4]), EPS)).toThrow(/need rows a multiple of 4/);
  });
});
