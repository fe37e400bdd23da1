import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import { type RopeSizes, ropeCpu } from './rope.cpu.ts';
import { rope } from './rope.ts';

function tables(half: number, P: number): [cos: Float32Array, sin: Float32Array] {
  const angle = (i: number) => (i % P) / 10000 ** (Math.floor(i / P) / half);
  return [
    Float32Array.from({ length: half * P }, (_, i) => Math.cos(angle(i))),
    Float32Array.from({ length: half * P }, (_, i) => Math.sin(angle(i))),
  ];
}
const restarting = (T: number, every: number) => Uint32Array.from({ length: T }, (_, t) => t % every);

describe.each(['cpu', 'gpu'] as const)('rope() of the variant for %s', (kind) => {
  it('matches its twin forward and turns the gradient back, whole and partial heads', async () => {
    const traits = { ...(await openDevice()).traits, kind };
    const cases: RopeSizes[] = [
      { heads: 1, D: 2, T: 4, rotary: 2, P: 4 },
      { heads: 3, D: 20, T: 36, rotary: 20, P: 9 },
      { heads: 2, D: 20, T: 68, rotary: 8, P: 30 },
      { heads: 9, D: 64, T: 128, rotary: 64, P: 128 },
    ];
    for (const sizes of cases) {
      const { heads, D, T, rotary, P } = sizes;
      const g = new Graph(traits);
      const x = variable(g, 'x', [heads * D, T]);
      const positions = g.input('positions', [T], 'u32');
      const [cos, sin] = [g.frozen('cos', [rotary / 2, P]), g.frozen('sin', [rotary / 2, P])];
      const y = rope(g, x, { heads, headDim: D, rotary }, positions, cos, sin);
      const [dy, dx] = gradientsOf(g, y, x);
      const [xv, dv, pv, [cv, sv]] = [
        noise(heads * D * T, 1),
        noise(heads * D * T, 2),
        restarting(T, P),
        tables(rotary / 2, P),
      ];
      const data = new Map<Value, Data>([
        [x, xv],
        [dy, dv],
        [positions, pv],
        [cos, cv],
        [sin, sv],
      ]);
      const [out, dOut] = await runCase({ graph: g, data, results: [y, dx!] });
      // Two products and a sum of numbers of order 1: three roundings of 2^-24, and room for one more.
      expectClose(out!, ropeCpu(xv, pv, cv, sv, sizes), 4 * 2 ** -24, T);
      expectClose(dOut!, ropeCpu(dv, pv, cv, sv, sizes, -1), 4 * 2 ** -24, T);
    }
  });
});

describe('rope()', () => {
  it('has a twin whose inverse is its gradient, by finite differences', () => {
    const sizes = { heads: 2, D: 6, T: 4, rotary: 4, P: 5 };
    const [cos, sin] = tables(2, 5);
    const positions = [0, 1, 3, 4];
    const x = Float64Array.from(noise(48, 1));
    const dy = noise(48, 2);
    const expected = slope(x, dy, () => ropeCpu(x, positions, cos, sin, sizes));
    expectClose(ropeCpu(dy, positions, cos, sin, sizes, -1), expected, 1e-9);
    expect(() => expectClose(ropeCpu(dy, positions, cos, sin, sizes, 1), expected, 1e-9)).toThrow(/worst relative/);
  });
  it('refuses tables of another size', async () => {
    const g = new Graph((await openDevice()).traits);
    const table = g.frozen('cos', [4, 9]);
    expect(() =>
      rope(g, g.input('x', [32, 4]), { heads: 2, headDim: 16 }, g.input('p', [4], 'u32'), table, table),
    ).toThrow(/need 32 rows.*8 table rows/);
  });
});
