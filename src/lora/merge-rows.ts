// An adapter's part added to rows of the weight that it sits on, on the host: W' = W + s·B·A. Rows at a time, so that neither
// W nor B·A is ever in memory whole. Sums are made in f64 and rounded once.

import type { AdapterModule } from './adapter.ts';

/** `rows` (rowBegin…, in) of W become those of W'. */
export function mergeRows(module: AdapterModule, rows: Float32Array, rowBegin: number): void {
  const { a, b, r, scaling, inFeatures } = module;
  const sum = new Float64Array(inFeatures);
  for (let row = 0; row < rows.length / inFeatures; row++) {
    sum.fill(0);
    for (let i = 0; i < r; i++) {
      const factor = scaling * b[(rowBegin + row) * r + i]!;
      if (factor === 0) continue;
      const from = i * inFeatures;
      for (let c = 0; c < inFeatures; c++) sum[c]! += factor * a[from + c]!;
    }
    const to = row * inFeatures;
    for (let c = 0; c < inFeatures; c++) rows[to + c] = rows[to + c]! + sum[c]!;
  }
}
