// Small dense matrices in f64 for what is done to adapters on the host: products of factors, QR, singular values.
// Not for the model: those products are the GPU's.

/** (rows, columns), row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

export function matrix(rows: number, columns: number, values?: ArrayLike<number>): Matrix {
  if (values !== undefined && values.length !== rows * columns)
    throw new RangeError(`Cannot make a matrix: found ${values.length} numbers, need ${rows} × ${columns}`);
  return { rows, columns, data: values === undefined ? new Float64Array(rows * columns) : Float64Array.from(values) };
}

export function transpose({ rows, columns, data }: Matrix): Matrix {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!;
  return { rows: columns, columns: rows, data: out };
}

/** X·Y */
export function multiply(x: Matrix, y: Matrix): Matrix {
  if (x.columns !== y.rows)
    throw new RangeError(`Cannot multiply ${x.rows}×${x.columns} and ${y.rows}×${y.columns}: the inner sizes differ`);
  const out = matrix(x.rows, y.columns);
  for (let i = 0; i < x.rows; i++) {
    const row = out.data.subarray(i * y.columns, (i + 1) * y.columns);
    for (let k = 0; k < x.columns; k++) addScaled(row, y.data, k * y.columns, x.data[i * x.columns + k]!);
  }
  return out;
}

/** X·Yᵀ */
export function multiplyTransposed(x: Matrix, y: Matrix): Matrix {
  if (x.columns !== y.columns)
    throw new RangeError(
      `Cannot multiply ${x.rows}×${x.columns} and (${y.rows}×${y.columns})ᵀ: the inner sizes differ`,
    );
  const out = matrix(x.rows, y.rows);
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < y.rows; j++)
      out.data[i * y.rows + j] = dot(x.data, i * x.columns, y.data, j * y.columns, x.columns);
  return out;
}

/** X·v. Four rows at a time: their sums do not wait for each other. */
export function timesVector({ rows, columns, data }: Matrix, v: Float64Array): Float64Array {
  const out = new Float64Array(rows);
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let c = 0, at = i * columns; c < columns; c++, at++) {
      const value = v[c]!;
      s0 += data[at]! * value;
      s1 += data[at + columns]! * value;
      s2 += data[at + 2 * columns]! * value;
      s3 += data[at + 3 * columns]! * value;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (; i < rows; i++) out[i] = dot(data, i * columns, v, 0, columns);
  return out;
}

/** Xᵀ·u. Four rows at a time: a quarter of the reads and writes of the sums, which keep their order. */
export function transposedTimesVector({ rows, columns, data }: Matrix, u: Float64Array): Float64Array {
  const out = new Float64Array(columns);
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const [u0, u1, u2, u3] = [u[i]!, u[i + 1]!, u[i + 2]!, u[i + 3]!];
    for (let c = 0, at = i * columns; c < columns; c++, at++)
      out[c] =
        out[c]! +
        u0 * data[at]! +
        u1 * data[at + columns]! +
        u2 * data[at + 2 * columns]! +
        u3 * data[at + 3 * columns]!;
  }
  for (; i < rows; i++) addScaled(out, data, i * columns, u[i]!);
  return out;
}

/** The first `rows` rows, without a copy. */
export function firstRows(x: Matrix, rows: number): Matrix {
  return { rows, columns: x.columns, data: x.data.subarray(0, rows * x.columns) };
}

/** Σ x[i]·y[i] of two runs of n numbers. */
export function dot(x: Float64Array, xAt: number, y: Float64Array, yAt: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[xAt + i]! * y[yAt + i]!;
  return sum;
}

/** row += factor · y[at …] */
export function addScaled(row: Float64Array, y: Float64Array, at: number, factor: number): void {
  if (factor === 0) return;
  for (let i = 0; i < row.length; i++) row[i]! += factor * y[at + i]!;
}
