// ΔW = s·B·A of one linear: as the matrix itself, by rows, for adding it to a base; and as its singular values, computed from
// the small factors without building the matrix.

import type { AdapterModule } from './adapter.ts';
import { matrix, multiply, multiplyTransposed, transpose } from './algebra/matrix.ts';
import { qr } from './algebra/qr.ts';
import { type Svd, svd } from './algebra/svd.ts';

/** The parts of a module that make up its delta. */
export type Factors = Pick<AdapterModule, 'a' | 'b' | 'r' | 'scaling' | 'inFeatures' | 'outFeatures'>;

/** Rows `begin` to `end` (all by default) of ΔW, (end − begin, in) row-major; summed in f64 and rounded once. */
export function moduleDelta(module: Factors, begin = 0, end = module.outFeatures): Float32Array<ArrayBuffer> {
  const { a, b, r, scaling, inFeatures } = module;
  const out = new Float32Array((end - begin) * inFeatures);
  const row = new Float64Array(inFeatures);
  for (let o = begin; o < end; o++) {
    row.fill(0);
    for (let k = 0; k < r; k++) {
      const factor = scaling * b[o * r + k]!;
      for (let i = 0; i < inFeatures; i++) row[i]! += factor * a[k * inFeatures + i]!;
    }
    out.set(row, (o - begin) * inFeatures);
  }
  return out;
}

/**
 * U (out,k), s (k), Vᵀ (k,in) of ΔW with k = min(r, in, out), from QR of B and of Aᵀ and the SVD of an r×r core:
 * s·B·A = Q_B·(s·R_B·R_Aᵀ)·Q_Aᵀ. Exact: the cost is that of the factors.
 */
export function deltaSvd({ a, b, r, scaling, inFeatures, outFeatures }: Factors): Svd {
  const left = qr(matrix(outFeatures, r, b));
  const right = qr(transpose(matrix(r, inFeatures, a)));
  const core = multiplyTransposed(left.r, right.r);
  for (let i = 0; i < core.data.length; i++) core.data[i]! *= scaling;
  const { u, s, vt } = svd(core);
  return { u: multiply(left.q, u), s, vt: multiplyTransposed(vt, right.q) };
}
