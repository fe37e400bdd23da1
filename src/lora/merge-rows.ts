// An adapter's part added to rows of the weight that it sits on, on the host. Rows at a time, so that neither W nor B·A is ever
// in memory whole.
//
//   LoRA        W' = W + s·B·A                          DoRA   W' = m/n · (W + s·B·A), n the norm of each row
//   embedding   W'[v] = W[v] + s·(A[:,v]ᵀ·Bᵀ)

import type { AdapterModule } from './adapter.ts';
import { moduleDelta } from './delta.ts';

/** `rows` (rowBegin…, columns) of W become those of W'. `path`: for sentences. */
export function mergeRows(path: string, module: AdapterModule, rows: Float32Array, rowBegin: number): void {
  if (module.isEmbedding) {
    if (module.magnitude)
      throw new RangeError(`Cannot merge "${path}": found DoRA on an embedding, need plain LoRA there`);
    mergeEmbedding(module, rows, rowBegin);
    return;
  }
  const { inFeatures, magnitude } = module;
  const count = rows.length / inFeatures;
  const delta = moduleDelta(module, rowBegin, rowBegin + count);
  for (let i = 0; i < rows.length; i++) rows[i] = rows[i]! + delta[i]!;
  if (magnitude === undefined) return;
  for (let row = 0; row < count; row++) {
    const values = rows.subarray(row * inFeatures, (row + 1) * inFeatures);
    let squares = 0;
    for (const value of values) squares += value * value;
    const factor = magnitude[rowBegin + row]! / Math.sqrt(squares);
    for (let i = 0; i < inFeatures; i++) values[i] = values[i]! * factor;
  }
}

function mergeEmbedding(
  { a, b, r, scaling, inFeatures, outFeatures }: AdapterModule,
  rows: Float32Array,
  rowBegin: number,
) {
  for (let row = 0; row < rows.length / outFeatures; row++)
    for (let c = 0; c < outFeatures; c++) {
      let sum = 0;
      for (let i = 0; i < r; i++) sum += b[c * r + i]! * a[i * inFeatures + rowBegin + row]!;
      rows[row * outFeatures + c] = rows[row * outFeatures + c]! + scaling * sum;
    }
}
