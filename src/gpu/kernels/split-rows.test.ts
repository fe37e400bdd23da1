import { describe, expect, it } from 'vitest';
import { differentiate } from '../backward.ts';
import { Graph, type Value } from '../graph.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, noise, runCase, variable } from '../testing/run-kernel.ts';
import { type SplitSizes, splitRowsBackwardCpu, splitRowsCpu } from './split-rows.cpu.ts';
import { splitRows } from './split-rows.ts';

const CASES: readonly SplitSizes[] = [
  { sizes: [3], groups: 1, T: 4 },
  { sizes: [1, 2], groups: 1, T: 12 },
  { sizes: [20, 20, 20], groups: 3, T: 36 },
  { sizes: [64, 32, 32], groups: 1, T: 132 },
  { sizes: [65, 63], groups: 2, T: 68 },
];

describe('splitRows()', () => {
  it.each(CASES)('moves rows $sizes of $groups groups as its twin does, and their gradients back', async (sizes) => {
    const g = new Graph((await openDevice()).traits);
    const { T } = sizes;
    const x = variable(g, 'x', [sizes.groups * sizes.sizes.reduce((a, b) => a + b), T]);
    const parts = splitRows(g, x, sizes.sizes, sizes.groups);
    const seeds = parts.map((part) => g.input(`d${part.name}`, part.shape));
    const dx = differentiate(g, new Map(parts.map((part, p) => [part, seeds[p]!]))).get(x)!;
    const n = x.shape[0]! * T;
    const [xv, dv] = [noise(n, 1), noise(n, 2)];
    const data = new Map<Value, Data>([[x, xv]]);
    let at = 0;
    for (const seed of seeds) {
      const length = seed.shape[0]! * T;
      data.set(seed, dv.slice(at, at + length));
      at += length;
    }
    const [dOut, ...out] = await runCase({ graph: g, data, results: [dx, ...parts] });
    expectClose(Float32Array.from(out.flatMap((part) => [...part])), splitRowsCpu(xv, sizes), 0, T);
    expectClose(dOut!, splitRowsBackwardCpu(dv, sizes), 0, T);
  });

  it('has a twin whose backward agrees with finite differences', () => {
    const sizes = { sizes: [2, 1, 3], groups: 2, T: 4 };
    const x = Float64Array.from(noise(48, 1));
    const dy = noise(48, 2);
    const expected = slope(x, dy, () => splitRowsCpu(x, sizes));
    expectClose(splitRowsBackwardCpu(dy, sizes), expected, 1e-9);
    expect(() => expectClose(splitRowsCpu(dy, sizes), expected, 1e-9)).toThrow(/worst relative/);
  });

  it('refuses rows that are not the sum of the parts', async () => {
    const g = new Graph((await openDevice()).traits);
    expect(() => splitRows(g, g.input('x', [10, 4]), [4, 4])).toThrow(/need 8 rows/);
  });
});
