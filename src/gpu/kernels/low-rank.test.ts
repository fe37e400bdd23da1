import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import { slopes } from '../testing/slopes.ts';
import { rounding, TIMEOUT, VARIANTS } from '../testing/variants.ts';
import { testFactor, testWeight } from '../testing/weights.ts';
import { lowRankBackwardCpu, lowRankCpu } from './low-rank.cpu.ts';
import { lowRank } from './low-rank.ts';
import { matmulBackwardCpu, matmulCpu } from './matmul.cpu.ts';
import { matmul } from './matmul.ts';

describe.each(VARIANTS)('lowRank() of the variant for $name', (variant) => {
  it(
    'adds the adapter to a linear, and its gradients, as its twin does',
    async () => {
      const traits = { ...(await openDevice()).traits, ...variant.traits };
      for (const [O, C, R, T] of [
        [12, 20, 4, 36],
        [72, 100, 8, 68],
        [40, 36, 24, 60],
        [64, 48, 128, 12],
      ] as const) {
        const g = new Graph(traits);
        const sizes = { O, C, R, T };
        const x = variable(g, 'x', [C, T]);
        const w = testWeight(g, 'q8', O, C, 7);
        const a = testFactor(g, 'a', R, C, 3);
        const b = testFactor(g, 'b', O, R, 4);
        const y = lowRank(g, { a: a.weight, b: b.weight, scaling: 2 }, x, matmul(g, w.weight, x));
        const [dy, dx] = gradientsOf(g, y, x) as [Value, Value];
        const [da, db] = [g.gradientOf(a.weight.codes), g.gradientOf(b.weight.codes)];
        const [xv, dyv] = [noise(C * T, 1), noise(O * T, 2)];
        const zeros: [Value, Data][] = [
          [da, new Float32Array(R * C)],
          [db, new Float32Array(O * R)],
        ];
        const data = new Map<Value, Data>([[x, xv], [dy, dyv], ...w.data, ...a.data, ...b.data, ...zeros]);
        const [out, dxOut, daOut, dbOut] = await runCase({ graph: g, data, results: [y, dx, da, db] });
        const base = { O, C, T };
        expectClose(out!, lowRankCpu(a.dense, b.dense, xv, matmulCpu(w.dense, xv, base), sizes, 2), rounding(C + R), T);
        const expected = lowRankBackwardCpu(a.dense, b.dense, xv, dyv, sizes, 2);
        expectClose(daOut!, expected.da, rounding(O + T), C);
        expectClose(dbOut!, expected.db, rounding(C + T), R);
        const dBase = matmulBackwardCpu(w.dense, dyv, base);
        expectClose(
          dxOut!,
          expected.dx.map((v, i) => v + dBase[i]!),
          rounding(O + R),
          T,
        );
      }
    },
    TIMEOUT,
  );

  it(
    'leaves the base alone where the strength of a column is 0',
    async () => {
      const traits = { ...(await openDevice()).traits, ...variant.traits };
      const [O, C, R, T] = [20, 36, 8, 4];
      const g = new Graph(traits);
      const x = g.input('x', [C, T]);
      const y = g.input('y', [O, T]);
      const a = testWeight(g, 'f32', R, C, 3);
      const b = testWeight(g, 'f32', O, R, 4);
      const given = g.input('strength', [T]);
      const out = lowRank(g, { a: a.weight, b: b.weight, scaling: 2, strength: given }, x, y);
      const [xv, yv, strength] = [noise(C * T, 1), noise(O * T, 2), Float32Array.of(0, 1, 0.5, 0)];
      const [result] = await runCase({
        graph: g,
        data: new Map<Value, Data>([[x, xv], [y, yv], [given, strength], ...a.data, ...b.data]),
        results: [out],
      });
      expectClose(result!, lowRankCpu(a.dense, b.dense, xv, yv, { O, C, R, T }, 2, strength), rounding(C), T);
      for (let o = 0; o < O; o++) expect(result![o * T]).toBe(yv[o * T]);
    },
    TIMEOUT,
  );
});

describe('lowRankBackwardCpu()', () => {
  it('agrees with finite differences', () => {
    const sizes = { O: 3, C: 4, R: 2, T: 4 };
    const [a, b, x] = [noise(8, 1), noise(6, 2), noise(16, 3)].map((v) => Float64Array.from(v)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const dy = noise(12, 4);
    const loss = () => lowRankCpu(a, b, x, new Float64Array(12), sizes, 0.5).reduce((sum, v, i) => sum + v * dy[i]!, 0);
    const { da, db, dx } = lowRankBackwardCpu(a, b, x, dy, sizes, 0.5);
    // The loss is linear in each entry, so only float64 rounding over the step remains.
    expectClose(da, slopes(loss, a), 1e-10);
    expectClose(db, slopes(loss, b), 1e-10);
    expectClose(dx, slopes(loss, x), 1e-10);
    expect(() =>
      expectClose(
        da.map((v) => 1.001 * v),
        slopes(loss, a),
        1e-10,
      ),
    ).toThrow(/worst/);
  });
});
