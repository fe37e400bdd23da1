import { describe, expect, it } from 'vitest';
import { elements, Graph } from '../graph.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import { rounding, TIMEOUT, VARIANTS } from '../testing/variants.ts';
import { testFactor, testWeight } from '../testing/weights.ts';
import { doraNormCpu, doraScaleBackwardCpu, doraScaleCpu, doraStrengthCpu } from './dora.cpu.ts';
import { doraNorm, doraScale, doraStrength } from './dora.ts';

/** Lengths are positive: magnitudes and norms away from 0. */
const positive = (n: number, seed: number) => noise(n, seed).map((v) => 1.5 + v / 2);

describe.each(VARIANTS)('DoRA of the variant for $name', (variant) => {
  const traitsOf = async () => ({ ...(await openDevice()).traits, ...variant.traits });

  it(
    'measures rows of weights at awkward sizes',
    async () => {
      for (const storage of ['f32', 'q8', 'nf4-dq'] as const)
        for (const [O, C, R] of [
          [1, 4, 1],
          [5, 37, 3],
          [33, 64, 8],
          [130, 100, 5],
        ] as const) {
          const g = new Graph(await traitsOf());
          const w = testWeight(g, storage, O, C, 3);
          const a = testFactor(g, 'a', R, C, 4);
          const b = testFactor(g, 'b', O, R, 5);
          const n = doraNorm(g, w.weight, a.weight.codes, b.weight.codes, 1.7);
          const [out] = await runCase({ graph: g, data: new Map([...w.data, ...a.data, ...b.data]), results: [n] });
          expectClose(out!, doraNormCpu(w.dense, a.dense, b.dense, { O, C, R }, 1.7), rounding(C * R));
        }
    },
    TIMEOUT,
  );

  it(
    'scales rows, with bias and addend or without, forward and backward',
    async () => {
      for (const [O, T, hasBias, hasAddend] of [
        [1, 4, false, false],
        [33, 12, true, false],
        [70, 44, false, true],
        [65, 132, true, true],
      ] as const) {
        const g = new Graph(await traitsOf());
        const v = variable(g, 'v', [O, T]);
        const addend = variable(g, 'addend', [O, T]);
        const [m, bias] = [g.trainable('m', [O]), g.trainable('bias', [O])];
        const n = g.input('n', [O]);
        const y = doraScale(g, v, m, n, { ...(hasBias && { bias }), ...(hasAddend && { addend }) });
        const [dy, dv, dAddend] = gradientsOf(g, y, v, addend);
        const [vv, av, dyv] = [noise(O * T, 1), noise(O * T, 2), noise(O * T, 3)];
        const [mv, nv, bv] = [positive(O, 4), positive(O, 5), noise(O, 6)];
        const results = [y, dv!, g.gradientOf(m), ...(hasBias ? [g.gradientOf(bias)] : [])];
        const out = await runCase({
          graph: g,
          data: new Map([
            [v, vv],
            [addend, av],
            [m, mv],
            [n, nv],
            [bias, bv],
            [dy, dyv],
          ]),
          results: hasAddend ? [...results, dAddend!] : results,
        });
        const plain = doraScaleCpu(vv, mv, nv, { O, T }, hasBias ? bv : undefined);
        const expected = doraScaleBackwardCpu(vv, mv, nv, dyv, { O, T });
        expectClose(
          out[0]!,
          plain.map((value, i) => value + (hasAddend ? av[i]! : 0)),
          rounding(1),
          T,
        );
        expectClose(out[1]!, expected.dv, rounding(1), T);
        expectClose(out[2]!, expected.dm, rounding(T));
        if (hasBias) expectClose(out[3]!, expected.dbias, rounding(T));
        if (hasAddend) expectClose(out.at(-1)!, dyv, 0, T);
      }
    },
    TIMEOUT,
  );

  it(
    'adds itself to a base by the strength of each token',
    async () => {
      const [O, T] = [37, 20];
      const g = new Graph(await traitsOf());
      const names = ['w', 'l', 'm', 'n', 'strength'] as const;
      const shapes = { w: [O, T], l: [O, T], m: [O], n: [O], strength: [T] };
      const values = Object.fromEntries(names.map((name) => [name, g.input(name, shapes[name])])) as never;
      const y = g.input('y', [O, T]);
      const result = doraStrength(g, y, values);
      const data = Object.fromEntries(
        names.map((name, i) => [name, positive(elements(shapes[name]), i + 1)]),
      ) as Record<(typeof names)[number], Float32Array>;
      data.strength.set([0, 1, 0.5, 2]);
      const yv = noise(O * T, 9);
      const [out] = await runCase({
        graph: g,
        data: new Map([[y, yv], ...names.map((name) => [values[name], data[name]] as const)]),
        results: [result],
      });
      expectClose(out!, doraStrengthCpu(yv, data), rounding(1), T);
      for (let o = 0; o < O; o++) expect(out![o * T]).toBe(yv[o * T]);
    },
    TIMEOUT,
  );
});

describe('the twin of DoRA', () => {
  it('has a backward that agrees with finite differences, n held', () => {
    const sizes = { O: 5, T: 4 };
    const v = Float64Array.from(noise(20, 1));
    const m = Float64Array.from(positive(5, 2));
    const [n, dy] = [positive(5, 3), noise(20, 4)];
    const { dv, dm } = doraScaleBackwardCpu(v, m, n, dy, sizes);
    expectClose(
      dv,
      slope(v, dy, () => doraScaleCpu(v, m, n, sizes)),
      1e-8,
    );
    expectClose(
      dm,
      slope(m, dy, () => doraScaleCpu(v, m, n, sizes)),
      1e-8,
    );
    expect(() =>
      expectClose(
        dm.map((d) => 1.01 * d),
        slope(m, dy, () => doraScaleCpu(v, m, n, sizes)),
        1e-8,
      ),
    ).toThrow();
  });
});
