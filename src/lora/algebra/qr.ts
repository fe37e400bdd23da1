// X = Q·R by Householder reflections (Golub and Van Loan, "Matrix Computations", 5.2): Q has orthonormal columns to
// the last digits whatever X is, also where columns depend on each other.

import { addScaled, dot, type Matrix, matrix, transpose } from './matrix.ts';

export interface Qr {
  /** (rows, k) with orthonormal columns, k = min(rows, columns). */
  readonly q: Matrix;
  /** (k, columns), upper triangular. */
  readonly r: Matrix;
}

export function qr(x: Matrix): Qr {
  const { rows, columns } = x;
  const k = Math.min(rows, columns);
  // Columns lie side by side in memory: every step reads and writes whole columns.
  const work = transpose(x).data;
  const column = (j: number, from: number) => work.subarray(j * rows + from, (j + 1) * rows);
  const reflectors: { readonly v: Float64Array; readonly factor: number }[] = [];
  for (let j = 0; j < k; j++) {
    const reflector = reflectorOf(column(j, j));
    reflectors.push(reflector);
    for (let i = j; i < columns; i++) reflect(column(i, j), reflector);
  }
  const r = matrix(k, columns);
  for (let i = 0; i < k; i++) for (let j = i; j < columns; j++) r.data[i * columns + j] = work[j * rows + i]!;
  const q = matrix(k, rows); // transposed until the end
  for (let j = 0; j < k; j++) {
    q.data[j * rows + j] = 1;
    for (let i = k - 1; i >= 0; i--) reflect(q.data.subarray(j * rows + i, (j + 1) * rows), reflectors[i]!);
  }
  return { q: transpose(q), r };
}

/** v and 2/vᵀv of the reflection that turns x into (±‖x‖, 0, …). */
function reflectorOf(x: Float64Array): { v: Float64Array; factor: number } {
  const v = Float64Array.from(x);
  const norm = Math.sqrt(dot(v, 0, v, 0, v.length));
  v[0]! += v[0]! < 0 ? -norm : norm;
  const square = dot(v, 0, v, 0, v.length);
  return { v, factor: square > 0 ? 2 / square : 0 };
}

function reflect(x: Float64Array, { v, factor }: { readonly v: Float64Array; readonly factor: number }): void {
  addScaled(x, v, 0, -factor * dot(x, 0, v, 0, v.length));
}
