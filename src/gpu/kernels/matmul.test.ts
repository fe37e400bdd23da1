import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import type { Traits } from '../traits.ts';
import type { Storage } from '../weight.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, noise, runCase, withGradient } from '../testing/run-kernel.ts';
import { STORAGES, testFactor, testWeight } from '../testing/weights.ts';
import { matmul } from './matmul.ts';
import { matmulBackwardCpu, matmulCpu, outerProductCpu } from './matmul.cpu.ts';

const KINDS = ['cpu', 'gpu'] as const;
/** Rounding of an f32 sum of n products of order 1: about ε·√n, with a margin of 8. */
const rounding = (n: number) => 8 * 2 ** -24 * Math.sqrt(n) + 1e-6;

type Epilogue = 'store' | 'accumulate' | 'addend' | 'bias' | 'bias-addend';
interface Shape {
  readonly storage: Storage;
  readonly O: number;
  readonly C: number;
  readonly T: number;
  readonly epilogue?: Epilogue;
}

/** Forward and backward on the device against the twin; dx is accumulated onto a gradient that is there already. */
async function check(traits: Traits, { storage, O, C, T, epilogue = 'store' }: Shape): Promise<void> {
  const g = new Graph(traits);
  const w = testWeight(g, storage, O, C, 7);
  const scale = 0.5;
  const base = g.input('base', [C, T]);
  const factor = testFactor(g, 'factor', C, C, 3);
  const bias = g.frozen('bias', [O]);
  const residual = g.input('residual', [O, T]);
  const values: [Value, Data][] = [[base, noise(C * T, 2)], [bias, noise(O, 4)], [residual, noise(O * T, 5)], ...w.data, ...factor.data];
  const [xv, bv, rv] = values.map(([, d]) => d) as [Data, Data, Data];
  const x = matmul(g, factor.weight, base);
  const y = matmul(g, w.weight, x, {
    scale,
    ...(epilogue.includes('bias') && { bias }),
    ...(epilogue.includes('addend') && { addend: residual }),
    ...(epilogue === 'accumulate' && { into: residual }),
  });
  const seed = withGradient(g, y);
  const dyv = noise(O * T, 6);
  const dFactor = g.gradientOf(factor.weight.codes);
  const [out, dw] = await runCase({ graph: g, data: new Map([...values, [seed, dyv], [dFactor, new Float32Array(C * C).fill(1)]]), results: [y, dFactor] });
  const hidden = matmulCpu(factor.dense, xv, { O: C, C, T });
  const withAddend = epilogue.includes('addend') || epilogue === 'accumulate';
  const expected = matmulCpu(w.dense, hidden, { O, C, T }, { scale, bias: epilogue.includes('bias') ? bv : undefined, addend: withAddend ? rv : undefined });
  expectClose(out!, expected, rounding(2 * C), T);
  const dx = matmulBackwardCpu(w.dense, dyv, { O, C, T }, { scale });
  expectClose(dw!, outerProductCpu(dx, xv, { M: C, N: C, T }, 1, new Float32Array(C * C).fill(1)), rounding(O + T), C);
}

describe.each(KINDS)('matmul() of the variant for %s', (kind) => {
  const shapes: [number, number, number][] = [[1, 4, 4], [3, 5, 4], [8, 36, 8], [7, 32, 60], [9, 80, 68], [64, 64, 64], [65, 33, 132], [40, 100, 256]];
  for (const storage of STORAGES)
    it(`matches its twin for ${storage} at awkward sizes, forward and backward`, async () => {
      const traits = { ...(await openDevice()).traits, kind };
      for (const [O, C, T] of shapes) await check(traits, { storage, O, C, T });
    });
  it('matches its twin with every epilogue', async () => {
    const traits = { ...(await openDevice()).traits, kind };
    for (const T of [4, 72]) for (const epilogue of ['store', 'accumulate', 'addend', 'bias', 'bias-addend'] as const) await check(traits, { storage: 'q8', O: 21, C: 44, T, epilogue });
  });
  it('matches its twin at sizes of a real model', async () => {
    const traits = { ...(await openDevice()).traits, kind };
    await check(traits, { storage: 'q8', O: 688, C: 256, T: 132 });
    await check(traits, { storage: 'int8-row', O: 256, C: 688, T: 4 });
  });
});

describe('matmul()', () => {
  it('has a twin whose backward agrees with finite differences', () => {
    const [O, C, T] = [3, 5, 4];
    const w = Float64Array.from(noise(O * C, 1));
    const x = Float64Array.from(noise(C * T, 2));
    const dy = noise(O * T, 3);
    const loss = () => matmulCpu(w, x, { O, C, T }, { scale: 0.5 }).reduce((sum, v, i) => sum + v * dy[i]!, 0);
    const h = 1e-4;
    const slope = (values: Float64Array) => values.map((v, i) => {
      values[i] = v + h;
      const up = loss();
      values[i] = v - h;
      const down = loss();
      values[i] = v;
      return (up - down) / (2 * h);
    });
    // The loss is linear in each entry, so only float64 rounding over h remains.
    expectClose(matmulBackwardCpu(w, dy, { O, C, T }, { scale: 0.5 }), slope(x), 1e-10);
    expectClose(outerProductCpu(dy, x, { M: O, N: C, T }, 0.5), slope(w), 1e-10);
    expect(() => expectClose(matmulBackwardCpu(w, dy, { O, C, T }), slope(x), 1e-10)).toThrow(/worst relative difference/);
  });
  it('refuses shapes that do not fit', async () => {
    const g = new Graph((await openDevice()).traits);
    const { weight } = testWeight(g, 'f32', 8, 12);
    expect(() => matmul(g, weight, g.input('x', [8, 4]))).toThrow(/found x of shape 8,4, need 12,4/);
    expect(() => matmul(g, weight, g.input('x', [12, 6]))).toThrow(/T a multiple of 4/);
  });
});
