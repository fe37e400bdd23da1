// Twins of dora-norm, dora, dora-strength and their backward.

import { matmulCpu } from './matmul.cpu.ts';

/** n (O) = ‖W + s·B·A‖ of each row; W (O,C), A (R,C), B (O,R). */
export function doraNormCpu(
  weight: ArrayLike<number>,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { O, C, R }: { readonly O: number; readonly C: number; readonly R: number },
  scaling: number,
): Float64Array {
  // (B·A)[o,c]: A (R,C) is what a product takes as its columns.
  const ba = matmulCpu(b, a, { O, C: R, T: C });
  const n = new Float64Array(O);
  for (let o = 0; o < O; o++) {
    let sum = 0;
    for (let c = 0; c < C; c++) sum += (weight[o * C + c]! + scaling * ba[o * C + c]!) ** 2;
    n[o] = Math.sqrt(sum);
  }
  return n;
}

/** y (O,T) = m/n · v (+ bias). */
export function doraScaleCpu(
  v: ArrayLike<number>,
  m: ArrayLike<number>,
  n: ArrayLike<number>,
  { O, T }: { readonly O: number; readonly T: number },
  bias?: ArrayLike<number>,
): Float64Array {
  return Float64Array.from({ length: O * T }, (_, i) => {
    const o = Math.floor(i / T);
    return (m[o]! / n[o]!) * v[i]! + (bias?.[o] ?? 0);
  });
}

/** dv (O,T), dm (O) and dbias (O) of the loss Σ y·dy. */
export function doraScaleBackwardCpu(
  v: ArrayLike<number>,
  m: ArrayLike<number>,
  n: ArrayLike<number>,
  dy: ArrayLike<number>,
  { O, T }: { readonly O: number; readonly T: number },
): { dv: Float64Array; dm: Float64Array; dbias: Float64Array } {
  const [dv, dm, dbias] = [new Float64Array(O * T), new Float64Array(O), new Float64Array(O)];
  for (let o = 0; o < O; o++)
    for (let i = o * T; i < (o + 1) * T; i++) {
      dv[i] = (m[o]! / n[o]!) * dy[i]!;
      dm[o]! += (dy[i]! * v[i]!) / n[o]!;
      dbias[o]! += dy[i]!;
    }
  return { dv, dm, dbias };
}

/** y (O,T) + strength(t) · ((m/n - 1)·w + m/n·l). */
export function doraStrengthCpu(
  y: ArrayLike<number>,
  { w, l, m, n, strength }: Readonly<Record<'w' | 'l' | 'm' | 'n' | 'strength', ArrayLike<number>>>,
): Float64Array {
  const T = strength.length;
  return Float64Array.from(y, (value, i) => {
    const ratio = m[Math.floor(i / T)]! / n[Math.floor(i / T)]!;
    return value + strength[i % T]! * ((ratio - 1) * w[i]! + ratio * l[i]!);
  });
}
