import { describe, expect, it } from 'vitest';
import { type Matrix, matrix, multiply, multiplyTransposed, transpose } from './matrix.ts';
import { qr } from './qr.ts';
import { type Svd, svd } from './svd.ts';
import { topSingular } from './top-singular.ts';
import { lastComponents } from './tridiagonal.ts';

/** Reproducible numbers in (-1, 1). */
function noise(rows: number, columns: number, seed = 1): Matrix {
  let state = seed * 2654435761;
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
  return matrix(rows, columns, Array.from({ length: rows * columns }, next));
}
/** U·diag(s)·Vᵀ */
function product({ u, s, vt }: Svd): Matrix {
  const scaled = { ...u, data: u.data.map((value, i) => value * s[i % u.columns]!) };
  return multiply(scaled, vt);
}
const worst = (x: Matrix, y: Matrix) =>
  x.data.reduce((most, value, i) => Math.max(most, Math.abs(value - y.data[i]!)), 0);
const identity = (n: number) => {
  const out = matrix(n, n);
  for (let i = 0; i < n; i++) out.data[i * n + i] = 1;
  return out;
};
/** Columns of U and rows of Vᵀ are orthonormal. */
const unorthogonal = ({ u, vt }: Svd) =>
  Math.max(worst(multiply(transpose(u), u), identity(u.columns)), worst(multiplyTransposed(vt, vt), identity(vt.rows)));

describe('qr()', () => {
  it.each([
    [1, 1],
    [5, 3],
    [3, 5],
    [64, 8],
    [40, 40],
  ])('takes %i×%i apart', (rows, columns) => {
    const x = noise(rows, columns);
    const { q, r } = qr(x);
    expect(worst(multiply(q, r), x)).toBeLessThan(1e-14);
    expect(worst(multiply(transpose(q), q), identity(q.columns))).toBeLessThan(1e-14);
    for (let i = 0; i < r.rows; i++) for (let j = 0; j < i; j++) expect(r.data[i * r.columns + j]).toBe(0);
  });

  it('keeps Q orthonormal where columns depend on each other or are zero', () => {
    const x = noise(20, 4);
    for (let i = 0; i < 20; i++) {
      x.data[i * 4 + 2] = 2 * x.data[i * 4]!;
      x.data[i * 4 + 3] = 0;
    }
    const { q, r } = qr(x);
    expect(worst(multiply(transpose(q), q), identity(4))).toBeLessThan(1e-14);
    expect(worst(multiply(q, r), x)).toBeLessThan(1e-14);
  });
});

describe('svd()', () => {
  it.each([
    [1, 1],
    [1, 7],
    [7, 1],
    [6, 6],
    [40, 9],
    [9, 40],
    [64, 64],
  ])('takes %i×%i apart', (rows, columns) => {
    const x = noise(rows, columns);
    const found = svd(x);
    expect(worst(product(found), x)).toBeLessThan(1e-13);
    expect(unorthogonal(found)).toBeLessThan(1e-13);
    expect([...found.s]).toEqual([...found.s].sort((a, b) => b - a));
  });

  it('finds singular values that are known, the smallest ones to their own last digits', () => {
    const known = [3, 1, 1e-3, 1e-9];
    const x = multiply(
      { ...qr(noise(12, 4)).q, data: qr(noise(12, 4)).q.data.map((value, i) => value * known[i % 4]!) },
      transpose(qr(noise(9, 4, 5)).q),
    );
    const { s } = svd(x);
    for (const [i, value] of known.entries()) expect(Math.abs(s[i]! / value - 1)).toBeLessThan(i < 3 ? 1e-12 : 1e-6);
  });

  it('gives zeros for zeros and for what is missing in rank', () => {
    expect([...svd(matrix(5, 3)).s]).toEqual([0, 0, 0]);
    const x = multiply(noise(10, 2), noise(2, 8, 3));
    const found = svd(x);
    expect(found.s[2]! / found.s[0]!).toBeLessThan(1e-14);
    expect(worst(product(found), x)).toBeLessThan(1e-14);
  });

  it('refuses what is not finite', () => {
    expect(() => svd(matrix(2, 2, [1, 2, Number.NaN, 3]))).toThrow('found numbers that are not finite');
  });
});

describe('lastComponents()', () => {
  const apart = { diagonal: [4, 3, 2, 5, 1], beside: [1, 0, 0.5, 0.25] };
  const smooth = {
    diagonal: Array.from({ length: 40 }, (_, i) => 3 + Math.sin(i)),
    beside: Array.from({ length: 39 }, (_, i) => Math.cos(3 * i)),
  };
  it.each([{ diagonal: [2], beside: [] }, apart, smooth])('finds what the whole SVD finds', ({ diagonal, beside }) => {
    const n = diagonal.length;
    const t = matrix(n, n);
    for (const [i, value] of diagonal.entries()) t.data[i * n + i] = value;
    for (const [i, value] of beside.entries()) {
      t.data[i * n + i + 1] = value;
      t.data[(i + 1) * n + i] = value;
    }
    const { values, last } = lastComponents(diagonal, beside);
    const whole = svd(t);
    const order = [...values.keys()].sort((i, j) => values[j]! - values[i]!);
    for (const [at, i] of order.entries()) {
      expect(values[i]).toBeCloseTo(whole.s[at]!, 12);
      expect(Math.abs(last[i]!)).toBeCloseTo(Math.abs(whole.vt.data[at * n + n - 1]!), 10);
    }
  });
});

describe('topSingular()', () => {
  it.each([
    [200, 130, 5],
    [130, 300, 8],
    [128, 128, 1],
  ])('agrees with the whole SVD of %i×%i', (rows, columns, rank) => {
    const x = noise(rows, columns);
    const [all, top] = [svd(x), topSingular(x, rank)];
    for (let i = 0; i < rank; i++) expect(Math.abs(top.s[i]! - all.s[i]!)).toBeLessThan(1e-10 * all.s[0]!);
    expect(unorthogonal(top)).toBeLessThan(1e-9);
    const best = { u: topOf(all.u, rank), s: all.s.subarray(0, rank), vt: { ...all.vt, rows: rank } };
    expect(worst(product(top), product(best))).toBeLessThan(1e-8);
  });

  it('finds all there is of a matrix of low rank, and nothing beyond', () => {
    const x = multiply(noise(150, 3), noise(3, 120, 3));
    const top = topSingular(x, 6);
    expect(worst(product(top), x)).toBeLessThan(1e-11);
    for (const s of top.s.subarray(3)) expect(s / top.s[0]!).toBeLessThan(1e-12);
  });

  it('finds every copy of a singular value that occurs several times', () => {
    const { q } = qr(noise(140, 4));
    const top = topSingular(multiply(q, transpose(qr(noise(110, 4, 9)).q)), 4);
    for (const s of top.s) expect(Math.abs(s - 1)).toBeLessThan(1e-10);
    expect(top.s.length).toBe(4);
  });

  it('gives zeros for zeros', () => {
    expect([...topSingular(matrix(120, 120), 3).s].every((s) => s === 0)).toBe(true);
  });
});

function topOf(u: Matrix, k: number): Matrix {
  return matrix(
    u.rows,
    k,
    Array.from({ length: u.rows * k }, (_, i) => u.data[Math.floor(i / k) * u.columns + (i % k)]!),
  );
}
