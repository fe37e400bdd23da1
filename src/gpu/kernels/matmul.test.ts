import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import { slopes } from '../testing/slopes.ts';
import { rounding, TIMEOUT, VARIANTS } from '../testing/variants.ts';
import { STORAGES, testFactor, testWeight } from '../testing/weights.ts';
import type { Traits } from '../traits.ts';
import type { Storage } from '../weight.ts';
import { matmulBackwardCpu, matmulCpu } from './matmul.cpu.ts';
import { matmul } from './matmul.ts';
import { outerProductCpu } from './outer-product.cpu.ts';
import { kindOf } from './product.ts';
import { PRODUCT_VARIANTS } from './product-variants.ts';

interface Shape {
  readonly storage: Storage;
  readonly O: number;
  readonly C: number;
  readonly T: number;
  readonly epilogue?: 'store' | 'accumulate' | 'addend' | 'bias' | 'bias-addend';
  /** Of x nothing but its first column can be told, of y nothing but that is asked. */
  readonly isOneColumn?: boolean;
}

/** y and dx of the loss Σ y·dy on the device against the twin. */
async function check(
  traits: Traits,
  { storage, O, C, T, epilogue = 'store', isOneColumn = false }: Shape,
  tolerance: (n: number) => number = rounding,
): Promise<void> {
  const g = new Graph(traits);
  g.isOneColumn = isOneColumn;
  const scale = 0.5;
  const w = testWeight(g, storage, O, C, 7);
  const x = variable(g, 'x', [C, T]);
  const bias = g.frozen('bias', [O]);
  const residual = g.input('residual', [O, T]);
  const [xv, bv, rv, dyv] = [noise(C * T, 2), noise(O, 4), noise(O * T, 5), noise(O * T, 6)];
  const asked = (v: ArrayLike<number>) => (isOneColumn ? Float64Array.from({ length: O }, (_, o) => v[o * T]!) : v);
  if (isOneColumn) for (const i of xv.keys()) if (i % T > 0) xv[i] = Number.NaN;
  const hasBias = epilogue.includes('bias');
  const hasAddend = epilogue.includes('addend');
  const y = matmul(g, w.weight, x, {
    scale,
    ...(hasBias && { bias }),
    ...(hasAddend && { addend: residual }),
    ...(epilogue === 'accumulate' && { into: residual }),
  });
  const [dy, dx] = gradientsOf(g, y, x) as [Value, Value];
  const data: (readonly [Value, Data])[] = [[x, xv], [bias, bv], [residual, rv], [dy, dyv], ...w.data];
  const [out, dOut] = await runCase({ graph: g, data: new Map(data), results: [y, dx] });
  const addend = hasAddend || epilogue === 'accumulate' ? rv : undefined;
  const expected = matmulCpu(w.dense, xv, { O, C, T }, { scale, bias: hasBias ? bv : undefined, addend });
  expectClose(asked(out!), asked(expected), tolerance(C), isOneColumn ? 1 : T);
  expectClose(dOut!, matmulBackwardCpu(w.dense, dyv, { O, C, T }, { scale }), tolerance(O), T);
}

describe.each(PRODUCT_VARIANTS)('matmul() by $name', ({ name, canRun, isRounding, isColumn = false }) => {
  const traits = async (): Promise<Traits> => ({ ...(await openDevice()).traits, products: { asked: [name] } });
  // What is rounded to 11 bits before it is multiplied; the errors of n terms add up as their squares.
  const tolerance = (n: number) => (isRounding ? 2 ** -10 : rounding(n));
  const run = async (t: Traits, shape: Shape) => {
    const { storage, O, C, T, isOneColumn = false } = shape;
    const sides = [
      { side: 'rows', results: O, summed: C, tokens: T, ...kindOf({ storage, columns: C }), isColumn: isOneColumn },
      { side: 'columns', results: C, summed: O, tokens: T },
    ] as const;
    if (sides.some((side) => canRun(t, side))) await check(t, shape, tolerance);
    return sides.some((side) => canRun(t, side));
  };

  it(
    'matches its twin at awkward and at real sizes, forward and backward',
    async (context) => {
      const t = await traits();
      let ran = false;
      // Every storage has its turn below; of those that scale, the one with the smallest groups will do here.
      for (const [O, C, T] of [
        [1, 4, 4],
        [3, 5, 8],
        [7, 80, 60],
        [64, 64, 64],
        [129, 96, 68],
        [300, 688, 4],
      ] as const)
        ran = (await run(t, { storage: 'q8', O, C, T })) || ran;
      for (const T of [132, 4]) ran = (await run(t, { storage: 'f32', O: 65, C: 33, T })) || ran;
      for (const T of [36, 4]) ran = (await run(t, { storage: 'q8', O: 37, C: 44, T, epilogue: 'bias-addend' })) || ran;
      for (const [O, C] of [
        [1, 16],
        [37, 48],
        [300, 688],
      ] as const)
        ran = (await run(t, { storage: 'q8', O, C, T: 4, epilogue: 'bias-addend', isOneColumn: true })) || ran;
      for (const [O, C] of [
        [65, 80],
        [65, 1216],
        // Of the last piece of columns, not all.
        [65, 1152],
        [581, 80],
        [1157, 80],
      ] as const)
        ran = (await run(t, { storage: 'int8-row', O, C, T: 4, isOneColumn: true })) || ran;
      for (const epilogue of ['accumulate', 'addend', 'bias', 'store'] as const)
        ran = (await run(t, { storage: 'q8', O: 45, C: 192, T: 4, epilogue, isOneColumn: true })) || ran;
      ran = (await run(t, { storage: 'f32', O: 9, C: 76, T: 4, isOneColumn: true })) || ran;
      // Of four columns for each lane: no multiple of sixteen, more than lanes have at once.
      for (const C of isColumn ? [76, 1216] : [])
        ran = (await run(t, { storage: 'f16', O: 61, C, T: 4, epilogue: 'bias-addend', isOneColumn: true })) || ran;
      if (!ran) {
        console.warn(`SKIPPED matmul() by ${name}: this device can not run it`);
        context.skip();
      }
    },
    TIMEOUT,
  );
});

describe.each(VARIANTS)('matmul() of the variant for $name', (variant) => {
  const traits = async () => ({ ...(await openDevice()).traits, ...variant.traits });
  it.each(STORAGES)(
    'matches its twin for %s at awkward sizes, forward and backward',
    async (storage) => {
      const t = await traits();
      for (const [O, C, T] of [
        [1, 4, 4],
        [3, 5, 8],
        [9, 36, 12],
        [7, 80, 60],
        [65, 33, 132],
        [64, 64, 64],
      ] as const)
        await check(t, { storage, O, C, T });
    },
    TIMEOUT,
  );
  it(
    'matches its twin with every epilogue',
    async () => {
      const t = await traits();
      for (const epilogue of ['accumulate', 'addend', 'bias', 'bias-addend'] as const)
        await check(t, { storage: 'q8', O: 37, C: 44, T: 36, epilogue });
      await check(t, { storage: 'q8', O: 69, C: 76, T: 4, epilogue: 'bias-addend', isOneColumn: true });
      await check(t, { storage: 'f32', O: 65, C: 33, T: 4, isOneColumn: true });
    },
    TIMEOUT,
  );
  it(
    'matches its twin at sizes of a real model',
    async () => {
      const t = await traits();
      await check(t, { storage: 'q8', O: 688, C: 256, T: 132 });
      for (const isOneColumn of [false, true])
        await check(t, { storage: 'int8-row', O: 256, C: 688, T: 4, isOneColumn });
    },
    TIMEOUT,
  );
});

describe('matmul()', () => {
  it(
    'adds the gradients of a trained factor, and of an input that is used twice',
    async () => {
      const g = new Graph((await openDevice()).traits);
      const [O, C, T] = [12, 20, 36];
      const sizes = { O, C, T };
      const x = variable(g, 'x', [C, T]);
      const w = testWeight(g, 'q8', O, C, 7);
      const factor = testFactor(g, 'factor', O, C, 3);
      const y = matmul(g, w.weight, x, { into: matmul(g, factor.weight, x), scale: 0.5 });
      const [dy, dx] = gradientsOf(g, y, x) as [Value, Value];
      const dFactor = g.gradientOf(factor.weight.codes);
      const [xv, dyv, before] = [noise(C * T, 2), noise(O * T, 6), noise(O * C, 8)];
      const data = new Map<Value, Data>([[x, xv], [dy, dyv], [dFactor, before], ...w.data, ...factor.data]);
      const [out, dOut, dwOut] = await runCase({ graph: g, data, results: [y, dx, dFactor] });
      expectClose(
        out!,
        matmulCpu(w.dense, xv, sizes, { scale: 0.5, addend: matmulCpu(factor.dense, xv, sizes) }),
        rounding(C),
        T,
      );
      expectClose(
        dOut!,
        matmulBackwardCpu(w.dense, dyv, sizes, { scale: 0.5, into: matmulBackwardCpu(factor.dense, dyv, sizes) }),
        rounding(O),
        T,
      );
      expectClose(dwOut!, outerProductCpu(dyv, xv, { M: O, N: C, T }, 1, before), rounding(T), C);
    },
    TIMEOUT,
  );

  it(
    'reaches the last row of a vocabulary',
    async () => {
      const g = new Graph((await openDevice()).traits);
      const [O, C, T] = [49152, 4, 4];
      const { weight, data, dense } = testWeight(g, 'q8', O, C, 7);
      const x = g.input('x', [C, T]);
      const y = matmul(g, weight, x);
      const [out] = await runCase({
        graph: g,
        data: new Map<Value, Data>([[x, noise(C * T, 2)], ...data]),
        results: [y],
      });
      expectClose(out!, matmulCpu(dense, noise(C * T, 2), { O, C, T }), rounding(C), T);
    },
    TIMEOUT,
  );

  it('has a twin whose backward agrees with finite differences', () => {
    const [O, C, T] = [3, 5, 4];
    const w = Float64Array.from(noise(O * C, 1));
    const x = Float64Array.from(noise(C * T, 2));
    const dy = noise(O * T, 3);
    const loss = () => matmulCpu(w, x, { O, C, T }, { scale: 0.5 }).reduce((sum, v, i) => sum + v * dy[i]!, 0);
    // The loss is linear in each entry, so only float64 rounding over the step remains.
    expectClose(matmulBackwardCpu(w, dy, { O, C, T }, { scale: 0.5 }), slopes(loss, x), 1e-10);
    expectClose(outerProductCpu(dy, x, { M: O, N: C, T }, 0.5), slopes(loss, w), 1e-10);
    expect(() => expectClose(matmulBackwardCpu(w, dy, { O, C, T }), slopes(loss, x), 1e-10)).toThrow(
      /worst relative difference/,
    );
  });

  it('refuses shapes that do not fit', async () => {
    const g = new Graph((await openDevice()).traits);
    const { weight } = testWeight(g, 'f32', 8, 12);
    expect(() => matmul(g, weight, g.input('x', [8, 4]))).toThrow(/found x of shape 8,4, need 12,4/);
    expect(() => matmul(g, weight, g.input('x', [12, 6]))).toThrow(/T a multiple of 4/);
  });
});
