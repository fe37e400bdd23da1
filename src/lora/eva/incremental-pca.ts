// Principal components of samples that arrive in batches, without keeping the samples (Ross et al. 2008, "Incremental Learning
// for Robust Visual Tracking", as in scikit-learn's IncrementalPCA): the components so far, scaled by their singular values,
// stand in for all earlier samples.
//
//   X_total ≈ [ S·V ; X - mean(X) ; √(n_seen·n / n_total)·(mean_seen - mean(X)) ],   its first k right-singular vectors are the new V

import { dot, type Matrix, matrix } from '../algebra/matrix.ts';
import { topSingular } from '../algebra/top-singular.ts';

export class IncrementalPca {
  /** (k,C): orthonormal rows, the strongest first; undefined before the first batch. The largest element of each is positive. */
  components: Matrix | undefined;
  /** (k) of the centred samples. */
  singularValues = new Float64Array();
  /** (k): the share of all variance so far that lies along each component. */
  varianceShares = new Float64Array();
  private seen = 0;
  private mean = new Float64Array();
  /** Sum of the squared distances from the mean, over all features. */
  private scatter = 0;

  constructor(readonly k: number) {}

  /** `x` (n,C): n samples, at least k of them; C at least k. */
  add(x: Matrix): void {
    const { rows: n, columns: C } = x;
    if (n < this.k || C < this.k)
      throw new RangeError(`Cannot find ${this.k} components: found ${n} samples of ${C} numbers, need as many`);
    const own = meanOf(x);
    const before = this.components;
    const total = this.seen + n;
    const all = matrix(before === undefined ? n : this.k + n + 1, C);
    let at = 0;
    if (before !== undefined)
      for (let i = 0; i < this.k; i++)
        for (let c = 0; c < C; c++) all.data[at++] = this.singularValues[i]! * before.data[i * C + c]!;
    const firstSample = at;
    for (let i = 0; i < n; i++) for (let c = 0; c < C; c++) all.data[at++] = x.data[i * C + c]! - own[c]!;
    this.scatter += dot(all.data, firstSample, all.data, firstSample, n * C);
    if (before !== undefined) {
      const weight = Math.sqrt((this.seen / total) * n);
      const lastRow = at;
      for (let c = 0; c < C; c++) all.data[at++] = weight * (this.mean[c]! - own[c]!);
      this.scatter += dot(all.data, lastRow, all.data, lastRow, C);
    }
    const { s, vt } = topSingular(all, this.k);
    makePositive(vt);
    // Where fewer directions vary than there are components, the rest are rows of zeros.
    const components = matrix(this.k, C);
    components.data.set(vt.data);
    this.singularValues = new Float64Array(this.k);
    this.singularValues.set(s);
    this.mean = own.map((value, c) => (before === undefined ? value : (this.mean[c]! * this.seen + value * n) / total));
    this.seen = total;
    this.components = components;
    this.varianceShares = this.singularValues.map((value) => (this.scatter > 0 ? value ** 2 / this.scatter : 0));
  }
}

function meanOf({ rows, columns, data }: Matrix): Float64Array {
  const mean = new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let c = 0; c < columns; c++) mean[c]! += data[i * columns + c]! / rows;
  return mean;
}

/** A singular vector's sign is arbitrary: choose the one that makes its largest element positive. */
function makePositive({ rows, columns, data }: Matrix): void {
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * columns, (i + 1) * columns);
    let largest = 0;
    for (const value of row) if (Math.abs(value) > Math.abs(largest)) largest = value;
    if (largest < 0) for (let c = 0; c < columns; c++) row[c] = -row[c]!;
  }
}
