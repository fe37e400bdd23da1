import { describe, expect, it } from 'vitest';
import { type Combination, combineTensors } from './combine-tensors.ts';

const plain: Combination = { prune: 'none', electsSign: false, density: 1, majority: 'total', seed: 0 };
const tensors = (...rows: number[][]) => rows.map((row) => Float32Array.from(row));

describe('combineTensors()', () => {
  it('adds what is weighed', () => {
    expect([...combineTensors(tensors([1, 2], [10, -20]), [0.5, 2], plain, 'x')]).toEqual([20.5, -39]);
  });

  it('keeps ⌊density·n⌋ of the largest, the first of equal ones', () => {
    const pruned = combineTensors(tensors([1, -3, 3, 2, -3]), [1], { ...plain, prune: 'magnitude', density: 0.5 }, 'x');
    expect([...pruned]).toEqual([0, -3, 3, 0, 0]);
    const none = combineTensors(tensors([1, 2]), [1], { ...plain, prune: 'magnitude', density: 0 }, 'x');
    expect([...none]).toEqual([0, 0]);
  });

  it('lets the majority of the sum or of the count elect the sign, and divides by how many agree', () => {
    const three = tensors([5, 1], [-1, 1], [-1, -9]);
    const elect = { ...plain, electsSign: true };
    expect([...combineTensors(three, [1, 1, 1], elect, 'x')]).toEqual([5, -9]);
    expect([...combineTensors(three, [1, 1, 1], { ...elect, majority: 'frequency' }, 'x')]).toEqual([-1, 1]);
    // A tie is positive; zeros agree with nobody.
    expect([...combineTensors(tensors([2, 0], [-2, 0]), [1, 1], elect, 'x')]).toEqual([2, 0]);
  });

  it('prunes at random by seed and name, and keeps the mean', () => {
    const ones = tensors(Array.from({ length: 40_000 }, () => 1));
    const dare = { ...plain, prune: 'random', density: 0.3 } as const;
    const made = combineTensors(ones, [1], dare, 'x');
    const kept = made.reduce((n, value) => n + (value !== 0 ? 1 : 0), 0);
    // Five standard deviations of a binomial count.
    expect(Math.abs(kept - 12_000)).toBeLessThan(5 * Math.sqrt(40_000 * 0.3 * 0.7));
    expect(new Set(made)).toEqual(new Set([0, Math.fround(1 / 0.3)]));
    expect(combineTensors(ones, [1], dare, 'x')).toEqual(made);
    expect(combineTensors(ones, [1], { ...dare, seed: 1 }, 'x')).not.toEqual(made);
    expect(combineTensors(ones, [1], dare, 'y')).not.toEqual(made);
    // Two tensors have two masks.
    const both = combineTensors([...ones, ...ones], [1, 1], dare, 'x');
    expect(new Set(both).size).toBe(3);
  });
});
