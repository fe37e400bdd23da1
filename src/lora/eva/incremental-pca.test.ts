// Components that were found batch by batch, against one decomposition of all samples.

import { describe, expect, it } from 'vitest';
import { type Matrix, matrix, multiply } from '../algebra/matrix.ts';
import { svd } from '../algebra/svd.ts';
import { normalNumbers } from '../init-adapter.ts';
import { IncrementalPca } from './incremental-pca.ts';

const C = 24;

/** n samples about a mean that moves with `at`, of variance 4^-i along direction i of `directions` alone, as many as `rank`. */
function samples(n: number, rank: number, at: number): Matrix {
  const normal = normalNumbers(7, `samples ${at}`);
  const directions = matrix(
    rank,
    C,
    Float64Array.from({ length: rank * C }, (_, i) => normalNumbers(3, 'directions')(i)),
  );
  const weights = matrix(
    n,
    rank,
    Float64Array.from({ length: n * rank }, (_, i) => (normal(i) + 0.3 * at) * 2 ** -(i % rank)),
  );
  return multiply(weights, directions);
}

function centred(parts: readonly Matrix[]): Matrix {
  const all = matrix(
    parts.reduce((sum, { rows }) => sum + rows, 0),
    C,
    parts.flatMap(({ data }) => [...data]),
  );
  for (let c = 0; c < C; c++) {
    let mean = 0;
    for (let i = 0; i < all.rows; i++) mean += all.data[i * C + c]! / all.rows;
    for (let i = 0; i < all.rows; i++) all.data[i * C + c]! -= mean;
  }
  return all;
}

describe('IncrementalPca', () => {
  it('finds what one decomposition of all samples finds, where the components hold all that varies', () => {
    // The mean moves between batches: it is one direction more, and k has room for it.
    const batches = [30, 12, 45, 9].map((n, at) => samples(n, 5, at));
    const pca = new IncrementalPca(6);
    for (const batch of batches) pca.add(batch);
    const whole = svd(centred(batches));
    for (let i = 0; i < 5; i++) {
      expect(pca.singularValues[i]).toBeCloseTo(whole.s[i]!, 8);
      const [ours, theirs] = [pca.components!, whole.vt].map(({ data }) => data.subarray(i * C, (i + 1) * C));
      const cosine = ours!.reduce((sum, value, c) => sum + value * theirs![c]!, 0);
      expect(Math.abs(cosine)).toBeCloseTo(1, 8);
      expect(ours!.find((value) => Math.abs(value) === Math.max(...ours!.map(Math.abs)))).toBeGreaterThan(0);
    }
    expect(pca.varianceShares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10);
  });

  it('says what share of all variance its components are, and forgets what lies along others', () => {
    const batches = [40, 40].map((n, at) => samples(n, 5, at));
    const pca = new IncrementalPca(2);
    for (const batch of batches) pca.add(batch);
    const { s } = svd(centred(batches));
    const all = s.reduce((sum, value) => sum + value ** 2, 0);
    const share = (i: number) => s[i]! ** 2 / all;
    // Less than the truth, by what the first batch had beyond its two components.
    expect(pca.varianceShares[0]).toBeGreaterThan(0.95 * share(0));
    expect(pca.varianceShares[1]).toBeLessThan(share(1));
  });

  it('has rows of zeros where nothing varies, and refuses batches that are too small', () => {
    const pca = new IncrementalPca(8);
    pca.add(samples(30, 3, 0));
    expect(pca.components!.rows).toBe(8);
    expect(pca.varianceShares.subarray(3).every((share) => share < 1e-12)).toBe(true);
    expect(() => pca.add(samples(5, 3, 1))).toThrow('Cannot find 8 components: found 5 samples of 24 numbers');
  });
});
