import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import { activationBackwardCpu, activationCpu } from './activation.cpu.ts';
import { type Activation, activation } from './activation.ts';

const KINDS: readonly Activation[] = ['silu', 'gelu', 'gelu-tanh', 'relu'];

describe.each(KINDS)('activation() %s', (kind) => {
  it('matches its twin at awkward sizes and far out on the tails, forward and backward', async () => {
    const { traits } = await openDevice();
    for (const [F, T, reach] of [
      [1, 4, 1],
      [7, 36, 6],
      [64, 68, 120],
    ] as const) {
      const g = new Graph(traits);
      const x = variable(g, 'x', [F, T]);
      const y = activation(g, x, kind);
      const [dy, dx] = gradientsOf(g, y, x);
      const [xv, dv] = [noise(F * T, 1).map((v) => reach * v), noise(F * T, 3)];
      const data = new Map([
        [x, xv],
        [dy, dv],
      ]);
      const [out, dOut] = await runCase({ graph: g, data, results: [y, dx!] });
      // WGSL allows exp an error of 3 + 2·|x| ulp, which e^-|x| outweighs; gelu's polynomial is good to 3 ulp; the
      // slope of the tanh's argument takes the error of its exponential up to five times.
      const tolerance = 32 * 2 ** -24;
      expectClose(out!, activationCpu(kind, xv), tolerance, T);
      expectClose(dOut!, activationBackwardCpu(kind, xv, dv), tolerance, T);
    }
  });

  it('stays finite for inputs that no exponential can hold', async () => {
    const { traits } = await openDevice();
    const g = new Graph(traits);
    const x = variable(g, 'x', [1, 4]);
    const y = activation(g, x, kind);
    const [dy, dx] = gradientsOf(g, y, x);
    const data = new Map([
      [x, Float32Array.of(-1e5, -1e4, 1e5, 3e38)],
      [dy, Float32Array.of(1, 1, 1, 1)],
    ]);
    const [out, dOut] = await runCase({ graph: g, data, results: [y, dx!] });
    for (const [i, want] of [0, 0, 1e5, 3e38].entries())
      expect(Math.abs(out![i]! - want)).toBeLessThanOrEqual(1e-6 * want + 1e-30);
    expectClose(dOut!, [0, 0, 1, 1], 1e-6);
  });

  it('has a twin whose backward agrees with finite differences', () => {
    // Away from 0, where relu has no slope.
    const x = Float64Array.from(noise(40, 1), (v) => 7 * v + 0.01 * Math.sign(v));
    const dy = noise(40, 3);
    const expected = slope(x, dy, () => activationCpu(kind, x));
    expectClose(activationBackwardCpu(kind, x, dy), expected, 1e-8);
    expect(() => expectClose(activationBackwardCpu(kind, dy, x), expected, 1e-8)).toThrow(/worst relative/);
  });
});

describe('activationCpu()', () => {
  it('knows gelu by heart', () => {
    // Φ(1) = 0.841344746068543, Φ(-6) = 9.865876450376981e-10, from tables.
    expectClose(activationCpu('gelu', [1, -6]), [0.841344746068543, -5.919525870226189e-9], 1e-15);
    expect(activationCpu('gelu', [-6])[0]! / -5.919525870226189e-9).toBeCloseTo(1, 9);
  });
});
