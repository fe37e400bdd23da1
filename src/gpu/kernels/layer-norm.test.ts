import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import { rounding } from '../testing/variants.ts';
import type { Traits } from '../traits.ts';
import { add } from './add.ts';
import { type LayerNormSizes, layerNormBackwardCpu, layerNormCpu } from './layer-norm.cpu.ts';
import { layerNorm } from './layer-norm.ts';

const EPS = 1e-5;

/** y = norm(x) and, when `twice`, a second reader of x, so that dx is added to a gradient that is there. */
async function check(traits: Traits, { C, T }: LayerNormSizes, twice: boolean, mean = 0): Promise<void> {
  const g = new Graph(traits);
  const x = variable(g, 'x', [C, T]);
  const [weight, bias] = [g.frozen('weight', [C]), g.frozen('bias', [C])];
  const y = layerNorm(g, x, weight, bias, EPS);
  const z = twice ? add(g, layerNorm(g, x, weight, bias, EPS), y) : y;
  const [dz, dx] = gradientsOf(g, z, x);
  const [xv, wv, bv, dv] = [noise(C * T, 1).map((v) => v + mean), noise(C, 2), noise(C, 4), noise(C * T, 3)];
  const data = new Map([
    [x, xv],
    [weight, wv],
    [bias, bv],
    [dz, dv],
  ]);
  const [out, dOut] = await runCase({ graph: g, data, results: [z, dx!] });
  const times = twice ? 2 : 1;
  // The mean is known to ε of itself; what is left of x after it carries that error.
  const tolerance = rounding(C) + 2 ** -22 * mean;
  const expected = layerNormCpu(xv, wv, bv, { C, T }, EPS).map((v) => times * v);
  expectClose(out!, expected, tolerance, T);
  const gradient = layerNormBackwardCpu(xv, wv, dv, { C, T }, EPS).map((v) => times * v);
  expectClose(dOut!, gradient, tolerance, T);
}

describe.each(['cpu', 'gpu'] as const)('layerNorm() of the variant for %s', (kind) => {
  const traitsOf = async () => ({ ...(await openDevice()).traits, kind });
  it('matches its twin at awkward sizes, forward and backward', async () => {
    for (const [C, T] of [
      [4, 4],
      [61, 4],
      [7, 12],
      [31, 16],
      [32, 20],
      [33, 28],
      [65, 36],
    ] as const)
      await check(await traitsOf(), { C, T }, T % 8 === 0);
  });
  it('matches its twin at sizes of a real model', async () => {
    await check(await traitsOf(), { C: 768, T: 132 }, true);
  });
  it('keeps its digits where the mean is large beside the spread', async () => {
    await check(await traitsOf(), { C: 64, T: 20 }, false, 100);
  });
});

describe('layerNorm()', () => {
  it('has a twin whose backward agrees with finite differences', () => {
    const sizes = { C: 7, T: 4 };
    const x = Float64Array.from(noise(28, 1));
    const [weight, bias, dy] = [noise(7, 2), noise(7, 4), noise(28, 3)];
    const expected = slope(x, dy, () => layerNormCpu(x, weight, bias, sizes, EPS));
    expectClose(layerNormBackwardCpu(x, weight, dy, sizes, EPS), expected, 1e-8);
    expect(() => expectClose(layerNormBackwardCpu(x, weight, dy, sizes, 0.1), expected, 1e-8)).toThrow(
      /worst relative/,
    );
  });
  it('refuses a weight of another length', async () => {
    const g = new Graph((await openDevice()).traits);
    const w = g.frozen('w', [4]);
    expect(() => layerNorm(g, g.input('x', [8, 4]), w, w, EPS)).toThrow(/need 4 rows/);
  });
});
