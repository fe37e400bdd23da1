import { describe, expect, it } from 'vitest';
import { fuseColumns } from './fuse-columns.ts';
import { Graph, type Value } from './graph.ts';
import { activationCpu } from './kernels/activation.cpu.ts';
import { activation } from './kernels/activation.ts';
import { gatedActivationCpu } from './kernels/gated-activation.cpu.ts';
import { gatedActivation } from './kernels/gated-activation.ts';
import { layerNormCpu } from './kernels/layer-norm.cpu.ts';
import { layerNorm } from './kernels/layer-norm.ts';
import { matmulCpu } from './kernels/matmul.cpu.ts';
import { matmul } from './kernels/matmul.ts';
import { hasLanes } from './kernels/product-variants.ts';
import { rmsNormCpu } from './kernels/rms-norm.cpu.ts';
import { rmsNorm } from './kernels/rms-norm.ts';
import { openDevice } from './testing/open-device.ts';
import { type Data, expectClose, noise, runCase } from './testing/run-kernel.ts';
import { rounding, TIMEOUT } from './testing/variants.ts';
import { testWeight } from './testing/weights.ts';

const T = 4;
const EPS = 1e-3;
const OFFSET = 0.5;

/** What an op before the product makes of x (C,T), and its twin. */
interface Before {
  readonly name: string;
  push(g: Graph, x: Value, other: Value, vectors: readonly [Value, Value]): Value;
  twin(x: Float32Array, other: Float32Array, vectors: readonly [Float32Array, Float32Array], C: number): Float64Array;
}

const BEFORE: readonly Before[] = [
  {
    name: 'rms-norm',
    push: (g, x, _, [weight]) => rmsNorm(g, x, weight, EPS, { offset: OFFSET }),
    twin: (x, _, [weight], C) =>
      rmsNormCpu(
        x,
        weight.map((w) => w + OFFSET),
        { G: 1, C, T },
        EPS,
      ),
  },
  {
    name: 'layer-norm',
    push: (g, x, _, [weight, bias]) => layerNorm(g, x, weight, bias, EPS),
    twin: (x, _, [weight, bias], C) => layerNormCpu(x, weight, bias, { C, T }, EPS),
  },
  {
    name: 'activation',
    push: (g, x) => activation(g, x, 'gelu'),
    twin: (x) => activationCpu('gelu', x),
  },
  {
    name: 'gated-activation',
    push: (g, x, other) => gatedActivation(g, x, other, 'silu'),
    twin: (x, other) => gatedActivationCpu('silu', x, other),
  },
];

/** A·before(x) with a strength, and what is read after it. Columns beside the first are not numbers. */
async function run(before: Before, C: number, R: number) {
  const { traits } = await openDevice();
  const g = new Graph(traits);
  g.isOneColumn = true;
  const [x, other, strength] = [g.input('x', [C, T]), g.input('other', [C, T]), g.input('strength', [T])];
  const vectors = [g.frozen('weight', [C]), g.frozen('bias', [C])] as const;
  const a = testWeight(g, 'f32', R, C, 7);
  const made = before.push(g, x, other, vectors);
  const u = matmul(g, a.weight, made, { strength });
  fuseColumns(g);
  const [xv, ov] = [noise(C * T, 1), noise(C * T, 2)];
  const vv = [noise(C, 3), noise(C, 4)] as const;
  const asked = (v: ArrayLike<number>, rows: number) => Float64Array.from({ length: rows }, (_, i) => v[i * T]!);
  const expectedMade = before.twin(xv, ov, vv, C);
  const product = matmulCpu(a.dense, expectedMade, { O: R, C, T }).map((v) => 0.5 * v);
  for (const v of [xv, ov]) for (const i of v.keys()) if (i % T > 0) v[i] = Number.NaN;
  const data = new Map<Value, Data>([
    [x, xv],
    [other, ov],
    [strength, Float32Array.of(0.5, 0, 0, 0)],
    [vectors[0], vv[0]],
    [vectors[1], vv[1]],
    ...a.data,
  ]);
  const [outMade, out] = await runCase({ graph: g, data, results: [made, u] });
  return {
    ops: g.ops.length,
    expected: hasLanes(traits) ? 1 : 2,
    made: { found: asked(outMade!, C), twin: asked(expectedMade, C) },
    u: { found: asked(out!, R), twin: asked(product, R) },
  };
}

describe('fuseColumns()', () => {
  it.each(BEFORE)(
    'makes $name in the product that reads it, as their twins one after the other, and keeps it for others',
    async (before) => {
      for (const [C, R] of [
        [4, 4],
        [44, 9],
        [64, 1],
        [580, 24],
      ] as const) {
        const { ops, expected, made, u } = await run(before, C, R);
        expect(ops).toBe(expected);
        // exp and the inverse root may be off by a few units in the last place.
        expectClose(made.found, made.twin, 4e-6, 1);
        expectClose(u.found, u.twin, rounding(C) + 4e-6, 1);
      }
    },
    TIMEOUT,
  );

  it('is told from another product and another result (control)', async () => {
    const [norm, gate] = [await run(BEFORE[0]!, 44, 9), await run(BEFORE[3]!, 44, 9)];
    expect(() => expectClose(norm.made.found, gate.made.twin, 1e-2)).toThrow(/worst/);
    expect(() => expectClose(norm.u.found, gate.u.twin, 1e-2)).toThrow(/worst/);
  });

  it('leaves norms of heads, products of many tokens and what is not next to its reader', async () => {
    const { traits } = await openDevice();
    const [C, R] = [32, 8];
    const count = (T: number, push: (g: Graph, x: Value, weight: Value) => Value, between = false) => {
      const g = new Graph(traits);
      g.isOneColumn = T === 4;
      const made = push(g, g.input('x', [C, T]), g.frozen('weight', [C]));
      if (between) activation(g, g.input('y', [C, T]), 'relu');
      matmul(g, testWeight(g, 'f32', R, C).weight, made, { strength: g.input('strength', [T]) });
      const before = g.ops.length;
      fuseColumns(g);
      return before - g.ops.length;
    };
    const norm = (g: Graph, x: Value, weight: Value) => rmsNorm(g, x, weight, EPS);
    expect(count(4, norm)).toBe(hasLanes(traits) ? 1 : 0);
    expect(count(4, norm, true)).toBe(0);
    expect(count(8, norm)).toBe(0);
    expect(count(4, (g, x) => rmsNorm(g, x, g.frozen('of a head', [C / 2]), EPS))).toBe(0);
    // Of a norm of a norm, the last.
    expect(count(4, (g, x, weight) => norm(g, norm(g, x, weight), weight))).toBe(hasLanes(traits) ? 1 : 0);
  });
});
