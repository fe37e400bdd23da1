import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import { rounding, TIMEOUT, VARIANTS } from '../testing/variants.ts';
import { add } from './add.ts';
import { scaleRowsBackwardCpu, scaleRowsCpu } from './scale-rows.cpu.ts';
import { scaleRows } from './scale-rows.ts';

describe.each(VARIANTS)('scaleRows() of the variant for $name', (variant) => {
  const graph = async () => new Graph({ ...(await openDevice()).traits, ...variant.traits });

  it(
    'gives the twin at awkward sizes, with an addend or without, forward and backward',
    async () => {
      for (const [C, T, hasAddend] of [
        [1, 4, false],
        [33, 12, true],
        [70, 44, false],
        [65, 132, true],
      ] as const) {
        const g = await graph();
        const [x, addend, l] = [variable(g, 'x', [C, T]), variable(g, 'addend', [C, T]), g.trainable('l', [C, 1])];
        const y = scaleRows(g, x, l, hasAddend ? { addend } : {});
        const [dy, dx, dAddend] = gradientsOf(g, y, x, addend);
        const [xv, av, dyv, lv] = [noise(C * T, 1), noise(C * T, 2), noise(C * T, 3), noise(C, 4)];
        const out = await runCase({
          graph: g,
          data: new Map([
            [x, xv],
            [addend, av],
            [l, lv],
            [dy, dyv],
          ]),
          results: [y, dx!, g.gradientOf(l), ...(hasAddend ? [dAddend!] : [])],
        });
        const expected = scaleRowsBackwardCpu(xv, lv, dyv, { C, T });
        expectClose(out[0]!, scaleRowsCpu(xv, lv, { C, T }, hasAddend ? { addend: av } : {}), rounding(1), T);
        expectClose(out[1]!, expected.dx, rounding(1), T);
        expectClose(out[2]!, expected.dl, rounding(T));
        if (hasAddend) expectClose(out[3]!, dyv, 0, T);
      }
    },
    TIMEOUT,
  );

  it(
    'adds to a gradient that is there already',
    async () => {
      const [C, T] = [9, 20];
      const g = await graph();
      const [x, l] = [variable(g, 'x', [C, T]), g.trainable('l', [1, C])];
      const y = add(g, scaleRows(g, x, l), scaleRows(g, x, l));
      const [dy, dx] = gradientsOf(g, y, x);
      const [xv, dyv, lv] = [noise(C * T, 1), noise(C * T, 3), noise(C, 4)];
      const [out, dl] = await runCase({
        graph: g,
        data: new Map([
          [x, xv],
          [l, lv],
          [dy, dyv],
        ]),
        results: [dx!, g.gradientOf(l)],
      });
      const once = scaleRowsBackwardCpu(xv, lv, dyv, { C, T });
      const twice = (values: Float64Array) => values.map((value) => 2 * value);
      expectClose(out!, twice(once.dx), rounding(2), T);
      expectClose(dl!, twice(once.dl), rounding(2 * T));
    },
    TIMEOUT,
  );

  it(
    'goes from 1 to its factor by the strength of each token, to the bit at both ends',
    async () => {
      const [C, T] = [37, 20];
      const g = await graph();
      const [x, l, strength] = [g.input('x', [C, T]), g.input('l', [C]), g.input('strength', [T])];
      const y = scaleRows(g, x, l, { strength });
      const [xv, lv, sv] = [noise(C * T, 1), noise(C, 2), new Float32Array(T)];
      sv.set([0, 1, 0.5, 2]);
      const [out] = await runCase({
        graph: g,
        data: new Map([
          [x, xv],
          [l, lv],
          [strength, sv],
        ]),
        results: [y],
      });
      expectClose(out!, scaleRowsCpu(xv, lv, { C, T }, { strength: sv }), rounding(1), T);
      for (let c = 0; c < C; c++) {
        expect(out![c * T]).toBe(xv[c * T]);
        expect(out![c * T + 1]).toBe(Math.fround(lv[c]! * xv[c * T + 1]!));
      }
    },
    TIMEOUT,
  );
});

describe('the twin of scaleRows()', () => {
  it('has a backward that agrees with finite differences', () => {
    const sizes = { C: 5, T: 4 };
    const [x, l, dy] = [Float64Array.from(noise(20, 1)), Float64Array.from(noise(5, 2)), noise(20, 3)];
    const { dx, dl } = scaleRowsBackwardCpu(x, l, dy, sizes);
    const forward = () => scaleRowsCpu(x, l, sizes);
    expectClose(dx, slope(x, dy, forward), 1e-8);
    expectClose(dl, slope(l, dy, forward), 1e-8);
    const off = dl.map((d) => 1.01 * d);
    expect(() => expectClose(off, slope(l, dy, forward), 1e-8)).toThrow();
  });
});
