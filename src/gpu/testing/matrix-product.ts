// One product by subgroup matrices against its twins, with any side, storage, low-rank branch and epilogue.

import { expect } from 'vitest';
import type { Device } from '../device.ts';
import { Graph, type Value } from '../graph.ts';
import { matmulBackwardCpu, matmulCpu } from '../kernels/matmul.cpu.ts';
import { type Epilogue, product } from '../kernels/product.ts';
import type { Side } from '../kernels/product-variants.ts';
import type { Storage } from '../weight.ts';
import { type Data, expectClose, noise, runCase } from './run-kernel.ts';
import { rounding } from './variants.ts';
import { testWeight } from './weights.ts';

export const SIDES: readonly Side[] = ['rows', 'columns'];
export const EPILOGUES: readonly Epilogue[] = ['store', 'accumulate', 'addend', 'bias', 'bias-addend', 'strength'];

export interface MatrixProduct {
  readonly side: Side;
  readonly storage?: Storage;
  readonly O: number;
  readonly C: number;
  readonly T: number;
  /** Of a low-rank branch. */
  readonly R?: number;
  readonly epilogue?: Epilogue;
}

/** y by the matrices of `device` against the twins of the product, of the low-rank branch and of the epilogue. */
export async function checkMatrixProduct(device: Device, shape: MatrixProduct): Promise<void> {
  const { side, storage = 'f32', O, C, T, R = 0, epilogue = 'store' } = shape;
  const { component } = device.traits.matrices[0]!;
  const name = component === 'f32' ? 'matrices-64x64' : 'matrices-64x64-f16';
  const traits = { ...device.traits, products: { asked: [name] } };
  const g = new Graph(traits);
  const [results, summed] = side === 'rows' ? [O, C] : [C, O];
  const [scale, scaling, first] = [0.5, 1.5, 2];
  const w = testWeight(g, storage, O, C, 7);
  const f = testWeight(g, 'f32', side === 'rows' ? O : Math.max(1, R), side === 'rows' ? Math.max(1, R) : C, 8);
  const x = g.input('x', [summed, T]);
  const u = g.input('u', [first + R, T]);
  const before = g.input('before', [results, T]);
  const y = g.inPlace('y', before);
  const [bias, addend, strength] = [
    g.frozen('bias', [results]),
    g.input('addend', [results, T]),
    g.input('strength', [T]),
  ];
  const [xv, uv, yv] = [noise(summed * T, 2), noise((first + R) * T, 3), noise(results * T, 4)];
  const [bv, av, sv] = [noise(results, 5), noise(results * T, 6), noise(T, 9)];
  const extra = {
    ...(epilogue.startsWith('bias') && { bias }),
    ...(epilogue.endsWith('addend') && { addend }),
    ...(epilogue === 'strength' && { strength }),
  };
  const lowRank = R > 0 ? { factor: f.weight, u, first, scaling } : undefined;
  const op = product({ label: 'y', weight: w.weight, side, x, y, epilogue, lowRank, extra, scale }, g);
  expect(op.shader.file).toBe('matmul-matrices');
  g.push(op);
  const data: (readonly [Value, Data])[] = [
    [x, xv],
    [u, uv],
    [before, yv],
    [bias, bv],
    [addend, av],
    [strength, sv],
  ];
  const [out] = await runCase({ graph: g, data: new Map([...data, ...w.data, ...f.data]), results: [y], device });

  const cpu = side === 'rows' ? matmulCpu : matmulBackwardCpu;
  const sum = cpu(w.dense, xv, { O, C, T }, { scale });
  const low = lowSum();
  const expected = Float64Array.from(yv);
  for (let i = 0; i < results * T; i++) {
    const v = sum[i]! + (low?.[i] ?? 0);
    expected[i] =
      epilogue === 'strength'
        ? sv[i % T]! * v
        : v +
          (epilogue === 'accumulate' ? yv[i]! : 0) +
          (extra.bias ? bv[Math.floor(i / T)]! : 0) +
          (extra.addend ? av[i]! : 0);
  }
  // What is rounded to 11 bits before it is multiplied, as by tiles-64x64-f16.
  expectClose(out!, expected, component === 'f16' ? 2 ** -10 : rounding(summed + R), T);

  function lowSum(): Float64Array | undefined {
    if (R === 0) return undefined;
    const rows = uv.subarray(first * T);
    return side === 'rows'
      ? matmulCpu(f.dense, rows, { O, C: R, T }, { scale: scaling })
      : matmulBackwardCpu(f.dense, rows, { O: R, C, T }, { scale: scaling });
  }
}
