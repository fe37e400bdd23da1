// An orthonormal basis that grows by one vector at a time: the rows of a matrix that is enlarged as needed.

import { type Matrix, timesVector, transposedTimesVector } from './matrix.ts';

export class OrthonormalRows {
  private count = 0;
  private data: Float64Array;

  /** `columns`: the length of a vector. */
  constructor(readonly columns: number) {
    this.data = new Float64Array(64 * columns);
  }

  /** All vectors so far, without a copy. */
  get matrix(): Matrix {
    const { count: rows, columns, data } = this;
    return { rows, columns, data: data.subarray(0, rows * columns) };
  }

  /** `v` has length 1 and is orthogonal to the others. */
  push(v: Float64Array): void {
    const at = this.count * this.columns;
    if (at === this.data.length) {
      const larger = new Float64Array(2 * at);
      larger.set(this.data);
      this.data = larger;
    }
    this.data.set(v, at);
    this.count++;
  }

  /** Removes from x what lies along the vectors; twice, because once leaves what rounding lost. */
  orthogonalise(x: Float64Array): void {
    for (let pass = 0; pass < 2; pass++) {
      const along = transposedTimesVector(this.matrix, timesVector(this.matrix, x));
      for (let i = 0; i < x.length; i++) x[i]! -= along[i]!;
    }
  }
}
