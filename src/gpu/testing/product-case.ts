// One product against its twins, with any variant, side, storage, low-rank branch and epilogue.

import { expect } from 'vitest';
import type { Device } from '../device.ts';
import { Graph, type Value } from '../graph.ts';
import { matmulBackwardCpu, matmulCpu } from '../kernels/matmul.cpu.ts';
import { type Epilogue, product, type Span } from '../kernels/product.ts';
import type { Side } from '../kernels/product-variants.ts';
import type { Storage } from '../weight.ts';
import { type Data, expectClose, noise, runCase } from './run-kernel.ts';
import { rounding } from './variants.ts';
import { testWeight } from './weights.ts';

export const SIDES: readonly Side[] = ['rows', 'columns'];
export const EPILOGUES: readonly Epilogue[] = ['store', 'accumulate', 'addend', 'bias', 'bias-addend', 'strength'];

export interface ProductCase {
  readonly side: Side;
  readonly storage?: Storage;
  readonly O: number;
  readonly C: number;
  readonly T: number;
  /** Of a low-rank branch. */
  readonly R?: number;
  /** Forward: the rows of the linears that have a branch. */
  readonly spans?: readonly Span[];
  readonly epilogue?: Epilogue;
  /** Of x and u nothing but the first column can be told, of y nothing but that is asked. */
  readonly isOneColumn?: boolean;
}

/** y by the matrices of `device`. */
export async function checkMatrixProduct(device: Device, shape: ProductCase): Promise<void> {
  const { component } = device.traits.matrices[0]!;
  const name = component === 'f32' ? 'matrices-64x64' : 'matrices-64x64-f16';
  const file = await checkProductCase(device, name, shape, component === 'f16');
  expect(file).toBe('matmul-matrices');
}

/**
 * y by the variant of this name against the twins of the product, of the low-rank branches and of the epilogue; returns the shader's
 * file. `isRounding`: what is multiplied is rounded to 11 bits.
 */
export async function checkProductCase(
  device: Device,
  name: string,
  shape: ProductCase,
  isRounding = false,
): Promise<string> {
  const { side, storage = 'f32', O, C, T, R = 0, epilogue = 'store', isOneColumn = false } = shape;
  const { spans = [[0, O]] } = shape;
  const g = new Graph({ ...device.traits, products: { asked: [name] } });
  g.isOneColumn = isOneColumn;
  const [results, summed] = side === 'rows' ? [O, C] : [C, O];
  const [scale, scaling, first] = [0.5, 1.5, 2];
  const w = testWeight(g, storage, O, C, 7);
  const branchRows = spans.reduce((n, [begin, end]) => n + end - begin, 0);
  const f = testWeight(
    g,
    'f32',
    side === 'rows' ? branchRows : Math.max(1, R),
    side === 'rows' ? Math.max(1, R) : C,
    8,
  );
  const x = g.input('x', [summed, T]);
  const ranks = first + spans.length * R;
  const u = g.input('u', [ranks, T]);
  const before = g.input('before', [results, T]);
  const y = g.inPlace('y', before);
  const [bias, addend, strength] = [
    g.frozen('bias', [results]),
    g.input('addend', [results, T]),
    g.input('strength', [T]),
  ];
  const [xv, uv, yv] = [noise(summed * T, 2), noise(ranks * T, 3), noise(results * T, 4)];
  const [bv, av, sv] = [noise(results, 5), noise(results * T, 6), noise(T, 9)];
  if (isOneColumn) for (const v of [xv, uv]) for (const i of v.keys()) if (i % T > 0) v[i] = Number.NaN;
  const extra = {
    ...(epilogue.startsWith('bias') && { bias }),
    ...(epilogue.endsWith('addend') && { addend }),
    ...(epilogue === 'strength' && { strength }),
  };
  const lowRank = R > 0 ? { factor: f.weight, u, first, scaling, ...(shape.spans && { spans }) } : undefined;
  const op = product({ label: 'y', weight: w.weight, side, x, y, epilogue, lowRank, extra, scale }, g);
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
  const expectedFor = (branchOf: (z: number) => number): Float64Array => {
    const low = R === 0 ? undefined : lowSum(branchOf);
    return Float64Array.from(yv, (before, i) => {
      const v = sum[i]! + (low?.[i] ?? 0);
      if (epilogue === 'strength') return sv[i % T]! * v;
      const added = (extra.bias ? bv[Math.floor(i / T)]! : 0) + (extra.addend ? av[i]! : 0);
      return v + added + (epilogue === 'accumulate' ? before : 0);
    });
  };
  const asked = (v: ArrayLike<number>) => (isOneColumn ? Float64Array.from({ length: O }, (_, o) => v[o * T]!) : v);
  const compare = (branchOf: (z: number) => number) =>
    expectClose(
      asked(out!),
      asked(expectedFor(branchOf)),
      isRounding ? 2 ** -10 : rounding(summed + R),
      isOneColumn ? 1 : T,
    );
  compare((z) => z);
  // Control: each branch reads the u of the next one.
  if (spans.length > 1) expect(() => compare((z) => (z + 1) % spans.length)).toThrow(/worst/);
  return op.shader.file;

  /** Of every row, the sum over its branch's u. */
  function lowSum(branchOf: (z: number) => number): Float64Array {
    const rows = uv.subarray(first * T);
    if (side === 'columns') return matmulBackwardCpu(f.dense, rows, { O: R, C, T }, { scale: scaling });
    const low = new Float64Array(O * T);
    let row = 0;
    for (const [z, [begin, end]] of spans.entries()) {
      const [b, own] = [f.dense.subarray(row * R), rows.subarray(branchOf(z) * R * T)];
      low.set(matmulCpu(b, own, { O: end - begin, C: R, T }, { scale: scaling }), begin * T);
      row += end - begin;
    }
    return low;
  }
}
