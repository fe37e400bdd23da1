// X = U·diag(s)·Vᵀ by one-sided Jacobi (Hestenes 1958; Demmel and Veselić 1992): pairs of columns are rotated until all are
// orthogonal. Slower than bidiagonalisation, and even the smallest singular values are accurate.

import { dot, type Matrix, matrix, multiply, transpose } from './matrix.ts';
import { qr } from './qr.ts';

export interface Svd {
  /** (rows, k) with k = min(rows, columns); a column of a singular value 0 is 0. */
  readonly u: Matrix;
  /** k values, largest first. */
  readonly s: Float64Array;
  /** (k, columns): rows are the right vectors; a row of a singular value 0 may be 0. */
  readonly vt: Matrix;
}

/** Columns of n numbers count as orthogonal when the cosine between them is below n times this: more is rounding. */
const EPSILON = 2 ** -52;
/** Jacobi converges quadratically: 6 to 10 sweeps are usual. */
const MAX_SWEEPS = 60;

/** Throws an Error when X has a number that is not finite. */
export function svd(x: Matrix): Svd {
  if (!x.data.every(Number.isFinite)) throw new Error('Cannot find singular values: found numbers that are not finite');
  if (x.rows < x.columns) {
    const { u, s, vt } = svd(transpose(x));
    return { u: transpose(vt), s, vt: transpose(u) };
  }
  if (x.rows > x.columns) {
    const { q, r } = qr(x);
    const inner = jacobi(r);
    return { ...inner, u: multiply(q, inner.u) };
  }
  return jacobi(x);
}

/** X is square. */
function jacobi(x: Matrix): Svd {
  const n = x.columns;
  // Row i of `g` is column i of X·V, row i of `v` column i of V.
  const g = transpose(x).data;
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let rotations = 0;
    for (let i = 0; i < n - 1; i++) for (let j = i + 1; j < n; j++) if (orthogonalise(g, v, n, i, j)) rotations++;
    if (rotations === 0) break;
  }
  const norms = Array.from({ length: n }, (_, i) => Math.sqrt(dot(g, i * n, g, i * n, n)));
  const order = norms.map((_, i) => i).sort((a, b) => norms[b]! - norms[a]!);
  const u = matrix(n, n); // transposed until the end
  const vt = matrix(n, n);
  for (const [to, from] of order.entries()) {
    const norm = norms[from]!;
    if (norm > 0) for (let c = 0; c < n; c++) u.data[to * n + c] = g[from * n + c]! / norm;
    vt.data.set(v.subarray(from * n, (from + 1) * n), to * n);
  }
  return { u: transpose(u), s: Float64Array.from(order, (i) => norms[i]!), vt };
}

/** Rotates columns i and j until they are orthogonal, the longer one first; false when they were. */
function orthogonalise(g: Float64Array, v: Float64Array, n: number, i: number, j: number): boolean {
  const aa = dot(g, i * n, g, i * n, n);
  const bb = dot(g, j * n, g, j * n, n);
  const ab = dot(g, i * n, g, j * n, n);
  if (Math.abs(ab) <= Math.max(8, n) * EPSILON * Math.sqrt(aa * bb)) return false;
  const zeta = (bb - aa) / (2 * ab);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const c = 1 / Math.sqrt(1 + t * t);
  for (const m of [g, v])
    for (let k = 0; k < n; k++) {
      const p = m[i * n + k]!;
      const q = m[j * n + k]!;
      m[i * n + k] = c * (p - t * q);
      m[j * n + k] = c * (q + t * p);
    }
  return true;
}
