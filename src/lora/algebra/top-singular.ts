// The largest singular values of a large matrix with their vectors, by Lanczos bidiagonalisation with full
// reorthogonalisation (Golub and Kahan 1965; Golub and Van Loan, 10.4). Two products with X a step, and as many steps as
// the residuals ask for: the result is the SVD's within rounding, not an estimate.
//
//   X·V = U·B,  Xᵀ·U = V·Bᵀ + β·v·eᵀ,   B (k,k) with α on its diagonal and β above it

import { addScaled, dot, firstRows, type Matrix, matrix, multiply, transpose } from './matrix.ts';
import { type Svd, svd } from './svd.ts';

/** Residuals of what is returned, as a share of the largest singular value. f32 results need no more. */
const TOLERANCE = 1e-10;
/** Up to this size all of them cost less than finding out which. */
const SMALL = 96;
/** Steps between two looks at the residuals. */
const LOOK_EVERY = 16;

/** The `rank` largest of X's singular values, or all of them where there are fewer. */
export function topSingular(x: Matrix, rank: number): Svd {
  const least = Math.min(x.rows, x.columns);
  const k = Math.min(rank, least);
  if (least <= SMALL || 3 * k >= least) return firstOf(svd(x), k);
  const basis = { u: [] as Float64Array[], v: [] as Float64Array[], alpha: [] as number[], beta: [] as number[] };
  let v = freshVector(x.columns, basis.v, 0);
  let beta = 0;
  for (;;) {
    const step = basis.u.length;
    const u = timesVector(x, v);
    if (step > 0) addScaled(u, basis.u[step - 1]!, 0, -beta);
    orthogonalise(u, basis.u);
    const alpha = normalise(u);
    basis.v.push(v);
    basis.u.push(u);
    basis.alpha.push(alpha);
    const next = transposedTimesVector(x, u);
    addScaled(next, v, 0, -alpha);
    orthogonalise(next, basis.v);
    beta = normalise(next);
    const isLast = step + 1 === least;
    const scale = Math.max(...basis.alpha);
    // Nothing is left in this direction: a new one, unless there was nothing either.
    const isDry = beta <= TOLERANCE * scale;
    if (isLast || (isDry && alpha <= TOLERANCE * scale) || ((step + 1) % LOOK_EVERY === 0 && step + 1 > k)) {
      const inner = svd(bidiagonal(basis.alpha, basis.beta));
      const done = step + 1;
      const residual = (i: number) => (isDry ? 0 : beta * Math.abs(inner.u.data[(done - 1) * done + i]!));
      const known = Math.min(k, done);
      const converged =
        !isDry && Array.from({ length: known }, (_, i) => residual(i)).every((r) => r <= TOLERANCE * inner.s[0]!);
      if (isLast || (isDry && alpha <= TOLERANCE * scale) || converged) return assemble(basis, firstOf(inner, known));
    }
    if (isDry) beta = 0;
    basis.beta.push(beta);
    v = isDry ? freshVector(x.columns, basis.v, step + 1) : next;
  }
}

function assemble(basis: { readonly u: Float64Array[]; readonly v: Float64Array[] }, inner: Svd): Svd {
  return {
    u: multiply(transpose(stack(basis.u)), inner.u),
    s: inner.s,
    vt: multiply(inner.vt, stack(basis.v)),
  };
}

/** The first k singular values and vectors, or all where there are fewer. */
export function firstOf({ u, s, vt }: Svd, rank: number): Svd {
  const k = Math.min(rank, s.length);
  return { u: transpose(firstRows(transpose(u), k)), s: s.subarray(0, k), vt: firstRows(vt, k) };
}

function stack(rows: readonly Float64Array[]): Matrix {
  const out = matrix(rows.length, rows[0]!.length);
  for (const [i, row] of rows.entries()) out.data.set(row, i * out.columns);
  return out;
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

function timesVector({ rows, columns, data }: Matrix, v: Float64Array): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => dot(data, i * columns, v, 0, columns));
}

function transposedTimesVector({ rows, columns, data }: Matrix, u: Float64Array): Float64Array {
  const out = new Float64Array(columns);
  for (let i = 0; i < rows; i++) addScaled(out, data, i * columns, u[i]!);
  return out;
}

/** Takes out of x what lies along the basis; twice, because once leaves what rounding lost. */
function orthogonalise(x: Float64Array, basis: readonly Float64Array[]): void {
  for (let pass = 0; pass < 2; pass++) for (const b of basis) addScaled(x, b, 0, -dot(x, 0, b, 0, x.length));
}

/** Makes the length 1 and returns what it was; a vector of zeros stays. */
function normalise(x: Float64Array): number {
  const norm = Math.sqrt(dot(x, 0, x, 0, x.length));
  if (norm > 0) for (let i = 0; i < x.length; i++) x[i]! /= norm;
  return norm;
}

/** A direction outside the basis, the same in every run: a Weyl sequence. */
function freshVector(n: number, basis: readonly Float64Array[], salt: number): Float64Array {
  const v = Float64Array.from(
    { length: n },
    (_, i) => (((((i + 1) * 0.6180339887498949 + salt * 0.7548776662) % 1) + 1) % 1) - 0.5,
  );
  orthogonalise(v, basis);
  normalise(v);
  return v;
}
