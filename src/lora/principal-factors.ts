// Starting points that take something of the base with them: the first r components of a matrix, as B·A.
//   pissa          W ≈ U·S·Vᵀ (Meng et al. 2024)         s·B·A = U_r·S_r·V_rᵀ, S shared out evenly
//   pissa_niter_n  the same from a randomised SVD with n iterations (Halko et al. 2011)
//   olora          W = Q·R (Büyükakyüz 2024)              B = Q_r, A = R_r, as PEFT: not divided by s
//   loftq          W - quantised W (Li et al. 2023)       s·B·A = its best approximation of rank r, one iteration

import type { Matrix } from './algebra/matrix.ts';
import { matrix, multiply, transpose } from './algebra/matrix.ts';
import { qr } from './algebra/qr.ts';
import { type Svd, svd } from './algebra/svd.ts';
import { topSingular } from './algebra/top-singular.ts';

export interface PrincipalFactors {
  /** (r,in) */
  readonly a: Float32Array;
  /** (out,r) */
  readonly b: Float32Array;
}

/** Singular triples, s·B·A = U·S·Vᵀ, with the square root of S on either side. */
function splitSingular({ u, s, vt }: Svd, scaling: number): PrincipalFactors {
  const r = s.length;
  const root = s.map((value) => Math.sqrt(value / scaling));
  const a = Float32Array.from(vt.data, (value, i) => root[Math.floor(i / vt.columns)]! * value);
  const b = Float32Array.from(u.data, (value, i) => root[i % r]! * value);
  return { a, b };
}

/** W (out,in). */
export function pissaFactors(w: Matrix, r: number, scaling: number): PrincipalFactors {
  return splitSingular(topSingular(w, r), scaling);
}

/** `normal`: the k-th of a stream of independent normal numbers. */
export function randomisedFactors(
  w: Matrix,
  r: number,
  scaling: number,
  iterations: number,
  normal: (k: number) => number,
): PrincipalFactors {
  const wt = transpose(w);
  const start = matrix(
    w.columns,
    r,
    Float64Array.from({ length: w.columns * r }, (_, k) => normal(k)),
  );
  let { q } = qr(multiply(w, start));
  for (let i = 0; i < iterations; i++) q = qr(multiply(w, qr(multiply(wt, q)).q)).q;
  const { u, s, vt } = svd(multiply(transpose(q), w));
  return splitSingular({ u: multiply(q, u), s, vt }, scaling);
}

/** Only the first r columns of Q are needed: those of the first r columns of W; R's first rows follow from them. */
export function oloraFactors(w: Matrix, r: number): PrincipalFactors {
  const first = matrix(w.rows, r);
  for (let i = 0; i < w.rows; i++) for (let j = 0; j < r; j++) first.data[i * r + j] = w.data[i * w.columns + j]!;
  const { q } = qr(first);
  return { a: Float32Array.from(multiply(transpose(q), w).data), b: Float32Array.from(q.data) };
}
