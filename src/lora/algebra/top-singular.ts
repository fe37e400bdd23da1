// The largest singular values of a large matrix with their vectors, by Lanczos bidiagonalisation with full
// reorthogonalisation (Golub and Kahan 1965; Golub and Van Loan, 10.4). Two products with X a step, and as many steps as
// the residuals ask for: the result is the SVD's within rounding, not an estimate.
//
//   X·V = U·B,  Xᵀ·U = V·Bᵀ + β·v·eᵀ,   B (k,k) with α on its diagonal and β above it

import {
  addScaled,
  dot,
  firstRows,
  type Matrix,
  matrix,
  multiply,
  timesVector,
  transpose,
  transposedTimesVector,
} from './matrix.ts';
import { OrthonormalRows } from './orthonormal-rows.ts';
import { type Svd, svd } from './svd.ts';
import { lastComponents } from './tridiagonal.ts';

/** Residuals of what is returned, as a share of the largest singular value. f32 results need no more. */
const TOLERANCE = 1e-10;
/** Up to this size all of them cost less than finding out which. */
const SMALL = 96;
/** Steps between two looks at the residuals. */
const LOOK_EVERY = 4;

/** The `rank` largest of X's singular values, or all of them where there are fewer. */
export function topSingular(x: Matrix, rank: number): Svd {
  const least = Math.min(x.rows, x.columns);
  const k = Math.min(rank, least);
  if (least <= SMALL || 3 * k >= least) return firstOf(svd(x), k);
  const [us, vs] = [new OrthonormalRows(x.rows), new OrthonormalRows(x.columns)];
  const [alphas, betas]: [number[], number[]] = [[], []];
  let v = freshVector(vs, 0);
  let beta = 0;
  for (let done = 1; ; done++) {
    const u = timesVector(x, v);
    if (done > 1) addScaled(u, us.matrix.data, (done - 2) * x.rows, -beta);
    us.orthogonalise(u);
    const alpha = normalise(u);
    vs.push(v);
    us.push(u);
    alphas.push(alpha);
    const next = transposedTimesVector(x, u);
    addScaled(next, v, 0, -alpha);
    vs.orthogonalise(next);
    beta = normalise(next);
    const scale = Math.max(...alphas);
    // Nothing is left in this direction: a new one, unless there was nothing either.
    const isDry = beta <= TOLERANCE * scale;
    const isOver = done === least || (isDry && alpha <= TOLERANCE * scale);
    const isLook = !isDry && done > k && done % LOOK_EVERY === 0;
    if (isOver || (isLook && hasConverged(alphas, betas, beta, k))) {
      const inner = firstOf(svd(bidiagonal(alphas, betas)), k);
      return { u: multiply(transpose(us.matrix), inner.u), s: inner.s, vt: multiply(inner.vt, vs.matrix) };
    }
    if (isDry) beta = 0;
    betas.push(beta);
    v = isDry ? freshVector(vs, done) : next;
  }
}

/** Whether the k largest singular values of B are X's: the residual of each is `next` times the last component of its left vector. */
function hasConverged(alphas: readonly number[], betas: readonly number[], next: number, k: number): boolean {
  const { values, last } = lastComponents(
    alphas.map((alpha, i) => alpha ** 2 + (betas[i] ?? 0) ** 2),
    betas.map((beta, i) => beta * alphas[i + 1]!),
  );
  const largest = [...values.keys()].sort((i, j) => values[j]! - values[i]!).slice(0, k);
  const most = TOLERANCE * Math.sqrt(values[largest[0]!]!);
  return largest.every((i) => next * Math.abs(last[i]!) <= most);
}

/** The first k singular values and vectors, or all where there are fewer. */
export function firstOf({ u, s, vt }: Svd, rank: number): Svd {
  const k = Math.min(rank, s.length);
  return { u: transpose(firstRows(transpose(u), k)), s: s.subarray(0, k), vt: firstRows(vt, k) };
}

function bidiagonal(alpha: readonly number[], beta: readonly number[]): Matrix {
  const n = alpha.length;
  const b = matrix(n, n);
  for (let i = 0; i < n; i++) {
    b.data[i * n + i] = alpha[i]!;
    if (i + 1 < n) b.data[i * n + i + 1] = beta[i]!;
  }
  return b;
}

/** Makes the length 1 and returns what it was; a vector of zeros stays. */
function normalise(x: Float64Array): number {
  const norm = Math.sqrt(dot(x, 0, x, 0, x.length));
  if (norm > 0) for (let i = 0; i < x.length; i++) x[i]! /= norm;
  return norm;
}

/** A direction outside the basis, the same in every run: a Weyl sequence. */
function freshVector(basis: OrthonormalRows, salt: number): Float64Array {
  const v = Float64Array.from(
    { length: basis.columns },
    (_, i) => (((((i + 1) * 0.6180339887498949 + salt * 0.7548776662) % 1) + 1) % 1) - 0.5,
  );
  basis.orthogonalise(v);
  normalise(v);
  return v;
}
