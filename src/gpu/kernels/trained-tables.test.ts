import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import { rounding, TIMEOUT, VARIANTS } from '../testing/variants.ts';
import { testFactor, testWeight } from '../testing/weights.ts';
import { addRows } from './add-rows.ts';
import { blendColumns } from './blend-columns.ts';
import { embedding } from './embedding.ts';
import { layerNorm } from './layer-norm.ts';
import { lookupColumns } from './lookup-columns.ts';
import { matmulBackwardCpu, matmulCpu } from './matmul.cpu.ts';
import { matmul } from './matmul.ts';
import { rmsNorm } from './rms-norm.ts';
import { tokenLogits, tokenRows } from './token-rows.ts';
import { lookupColumnsCpu, scatterIdsCpu, tokenRowsBackwardCpu, tokenRowsCpu } from './trained-tables.cpu.ts';

const SIZES = [
  [1, 4, 3],
  [7, 12, 5],
  [33, 68, 11],
  [64, 132, 40],
] as const;
/** Ids that come again, as tokens do. */
const idsOf = (T: number, V: number) => Uint32Array.from({ length: T }, (_, t) => (t * t * 7 + (t >> 2)) % V);

describe.each(VARIANTS)('trained parameters of the variant for $name', (variant) => {
  const graph = async () => new Graph({ ...(await openDevice()).traits, ...variant.traits });

  it(
    'a trained embedding learns from every column of an id',
    async () => {
      for (const [C, T, V] of SIZES) {
        const g = await graph();
        const table = testFactor(g, 'table', V, C);
        const ids = g.input('ids', [T], 'u32');
        const x = embedding(g, table.weight, ids, { scale: 1.5 });
        const [dx] = gradientsOf(g, x);
        const dv = noise(C * T, 2);
        const [gradient] = await runCase({
          graph: g,
          data: new Map<Value, Data>([...table.data, [ids, idsOf(T, V)], [dx, dv]]),
          results: [g.gradientOf(table.weight.codes)],
        });
        expectClose(gradient!, scatterIdsCpu(idsOf(T, V), dv, V, 1.5), rounding(T), C);
      }
    },
    TIMEOUT,
  );

  it(
    'the A of a low-rank embedding is looked up by column, and learns',
    async () => {
      for (const [R, T, V] of SIZES) {
        const g = await graph();
        const table = g.trainable('A', [R, V]);
        const ids = g.input('ids', [T], 'u32');
        const y = lookupColumns(g, table, ids);
        const [dy] = gradientsOf(g, y);
        const [tv, dv] = [noise(R * V, 1), noise(R * T, 2)];
        const [out, gradient] = await runCase({
          graph: g,
          data: new Map<Value, Data>([
            [table, tv],
            [ids, idsOf(T, V)],
            [dy, dv],
          ]),
          results: [y, g.gradientOf(table)],
        });
        expectClose(out!, lookupColumnsCpu(tv, idsOf(T, V), R), 0, T);
        const transposed = scatterIdsCpu(idsOf(T, V), dv, V, 1);
        expectClose(
          gradient!,
          Float64Array.from({ length: R * V }, (_, i) => transposed[(i % V) * R + Math.floor(i / V)]!),
          rounding(T),
          V,
        );
      }
    },
    TIMEOUT,
  );

  it(
    'trained rows take the place of the table, and of the head',
    async () => {
      const [C, T, V] = [36, 20, 30];
      const tokens = Uint32Array.of(3, 0, 29);
      const g = await graph();
      const rows = g.trainable('rows', [3, C]);
      const [ids, list] = [g.input('ids', [T], 'u32'), g.frozen('tokens', [3], 'u32')];
      const table = testWeight(g, 'q8', V, C);
      const x = tokenRows(g, embedding(g, table.weight, ids, { scale: 2 }), ids, { rows, tokens: list }, 2);
      const h = variable(g, 'h', [C, T]);
      const y = tokenLogits(g, matmul(g, table.weight, h), h, { rows, tokens: list });
      const [dx] = gradientsOf(g, x);
      const [dyTwice, dh] = gradientsOf(g, y, h);
      const idv = Uint32Array.from({ length: T }, (_, t) => [3, 7, 0, 29][t % 4]!);
      const [rv, hv, dxv, dyv] = [noise(3 * C, 1), noise(C * T, 2), noise(C * T, 3), noise(V * T, 4)];
      const [xo, yo, dho, gradient] = await runCase({
        graph: g,
        data: new Map<Value, Data>([
          ...table.data,
          [rows, rv],
          [list, tokens],
          [ids, idv],
          [h, hv],
          [dx, dxv],
          [dyTwice, dyv.slice()],
        ]),
        results: [x, y, dh!, g.gradientOf(rows)],
      });
      const base = Float64Array.from(
        { length: C * T },
        (_, i) => 2 * table.dense[idv[i % T]! * C + Math.floor(i / T)]!,
      );
      expectClose(xo!, tokenRowsCpu(base, idv, rv, tokens, 2), rounding(1), T);
      const dense = table.dense.slice();
      for (const [j, id] of tokens.entries()) dense.set(rv.subarray(j * C, (j + 1) * C), id * C);
      expectClose(yo!, matmulCpu(dense, hv, { O: V, C, T }), rounding(C), T);
      expectClose(dho!, matmulBackwardCpu(dense, dyv, { O: V, C, T }), rounding(V), T);
      const fromTable = tokenRowsBackwardCpu(dxv, idv, tokens, 2);
      const expected = fromTable.map((value, i) => {
        const [j, c] = [Math.floor(i / C), i % C];
        let sum = value;
        for (let t = 0; t < T; t++) sum += dyv[tokens[j]! * T + t]! * hv[c * T + t]!;
        return sum;
      });
      expectClose(gradient!, expected, rounding(2 * T), C);
    },
    TIMEOUT,
  );

  it(
    'biases and norms learn',
    async () => {
      for (const [C, T] of SIZES) {
        const g = await graph();
        const x = variable(g, 'x', [2 * C, T]);
        const xv = noise(2 * C * T, 1).map((v) => v + 0.2);
        const [w1, w2, b2, b3] = ['w1', 'w2', 'b2', 'b3'].map((name, i) =>
          g.trainable(name, [i ? 2 * C : C]),
        ) as never[];
        const normed = rmsNorm(g, x, w1!, 1e-5, { offset: 1 });
        const y = addRows(g, layerNorm(g, normed, w2!, b2!, 1e-5), b3!, 3);
        const [dy] = gradientsOf(g, y);
        const all = [w1!, w2!, b2!, b3!];
        const values = all.map((_, i) => Float64Array.from(noise(i ? 2 * C : C, i + 3)));
        const dv = noise(2 * C * T, 2);
        const results = await runCase({
          graph: g,
          data: new Map([[x, xv], [dy, dv], ...all.map((v, i) => [v, Float32Array.from(values[i]!)] as const)]),
          results: all.map((v) => g.gradientOf(v)),
        });
        for (const [i, result] of results.entries())
          expectClose(
            result,
            slope(values[i]!, dv, () => chainCpu(xv, values, C, T)),
            3e-4,
          );
      }
    },
    TIMEOUT,
  );

  it('blends by the strength of each token', async () => {
    const g = await graph();
    const [y, other, strength] = [g.input('y', [5, 8]), g.input('other', [5, 8]), g.input('strength', [8])];
    const blended = blendColumns(g, y, other, strength);
    const [yv, ov] = [noise(40, 1), noise(40, 2)];
    const sv = Float32Array.of(0, 1, 0.5, 2, 0, 1, 0, 1);
    const [out] = await runCase({
      graph: g,
      data: new Map<Value, Data>([
        [y, yv],
        [other, ov],
        [strength, sv],
      ]),
      results: [blended],
    });
    expectClose(
      out!,
      yv.map((v, i) => (1 - sv[i % 8]!) * v + sv[i % 8]! * ov[i]!),
      1e-6,
      8,
    );
    expect([out![0], out![1]]).toEqual([yv[0], ov[1]]);
  });
});

/** y of the chain above in float64: rms norm by halves, layer norm, a bias three times. */
function chainCpu(x: ArrayLike<number>, [w1, w2, b2, b3]: readonly Float64Array[], C: number, T: number): Float64Array {
  const y = new Float64Array(2 * C * T);
  for (let t = 0; t < T; t++) {
    const normed = new Float64Array(2 * C);
    for (const half of [0, 1]) {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += x[(half * C + c) * T + t]! ** 2;
      const r = 1 / Math.sqrt(sum / C + 1e-5);
      for (let c = 0; c < C; c++) normed[half * C + c] = x[(half * C + c) * T + t]! * r * (w1![c]! + 1);
    }
    const mean = normed.reduce((a, b) => a + b, 0) / (2 * C);
    const r = 1 / Math.sqrt(normed.reduce((a, b) => a + (b - mean) ** 2, 0) / (2 * C) + 1e-5);
    for (let c = 0; c < 2 * C; c++) y[c * T + t] = (normed[c]! - mean) * r * w2![c]! + b2![c]! + 3 * b3![c]!;
  }
  return y;
}

describe('the twins', () => {
  it('have backwards that agree with finite differences', () => {
    const [C, T, V] = [3, 8, 5];
    const ids = idsOf(T, V);
    const table = Float64Array.from(noise(V * C, 1));
    const dx = noise(C * T, 2);
    const read = () =>
      Float64Array.from({ length: C * T }, (_, i) => 1.5 * table[ids[i % T]! * C + Math.floor(i / T)]!);
    expectClose(scatterIdsCpu(ids, dx, V, 1.5), slope(table, dx, read), 1e-8);
    const tokens = Uint32Array.of(ids[0]!, 4);
    const rows = Float64Array.from(noise(2 * C, 3));
    const x = noise(C * T, 4);
    const expected = slope(rows, dx, () => tokenRowsCpu(x, ids, rows, tokens, 2));
    expectClose(tokenRowsBackwardCpu(dx, ids, tokens, 2), expected, 1e-8);
    expect(() => expectClose(tokenRowsBackwardCpu(dx, ids, tokens, 1), expected, 1e-8)).toThrow();
  });
});
