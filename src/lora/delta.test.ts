import { describe, expect, it } from 'vitest';
import type { AdapterModule } from './adapter.ts';
import { deltaSvd, moduleDelta } from './delta.ts';

function noisyModule(r: number, outFeatures: number, inFeatures: number): AdapterModule {
  const noise = (n: number, salt: number) =>
    Float32Array.from({ length: n }, (_, i) => Math.sin(1 + i * 12.9898 + salt));
  return {
    r,
    alpha: 2 * r,
    scaling: 2,
    a: noise(r * inFeatures, 0),
    b: noise(outFeatures * r, 7),
    inFeatures,
    outFeatures,
  };
}

describe('moduleDelta()', () => {
  it('is s·B·A, element by element', () => {
    const m = noisyModule(3, 5, 7);
    const delta = moduleDelta(m);
    for (let o = 0; o < 5; o++)
      for (let i = 0; i < 7; i++) {
        let sum = 0;
        for (let k = 0; k < 3; k++) sum += m.b[o * 3 + k]! * m.a[k * 7 + i]!;
        expect(delta[o * 7 + i]).toBeCloseTo(2 * sum, 5);
      }
  });

  it('gives any rows alone', () => {
    const m = noisyModule(3, 5, 7);
    expect(moduleDelta(m, 2, 4)).toEqual(moduleDelta(m).slice(14, 28));
  });
});

describe('deltaSvd()', () => {
  it.each([
    [4, 20, 30],
    [8, 6, 30],
    [8, 30, 6],
    [1, 3, 3],
  ])('of rank %i, %i×%i makes the delta again', (r, out, inputs) => {
    const m = noisyModule(r, out, inputs);
    const { u, s, vt } = deltaSvd(m);
    expect(s.length).toBe(Math.min(r, out, inputs));
    const delta = moduleDelta(m);
    for (let o = 0; o < out; o++)
      for (let i = 0; i < inputs; i++) {
        let sum = 0;
        for (let k = 0; k < s.length; k++) sum += u.data[o * s.length + k]! * s[k]! * vt.data[k * inputs + i]!;
        expect(Math.abs(sum - delta[o * inputs + i]!)).toBeLessThan(2e-6);
      }
  });

  it('finds zeros where B is zero', () => {
    const m = noisyModule(4, 20, 30);
    expect([...deltaSvd({ ...m, b: new Float32Array(80) }).s]).toEqual([0, 0, 0, 0]);
  });
});
