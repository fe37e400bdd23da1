import { describe, expect, it } from 'vitest';
import { floatToHalf, halfToFloat, widenBrain, widenHalf } from './half.ts';

/** The definition, in doubles. */
function halfByDefinition(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
const everyHalf = Array.from({ length: 65536 }, (_, half) => half);

describe('half floats', () => {
  it('widenHalf() gives the defined value of all 65,536 halves, keeping NaN and signed zeros', () => {
    const out = new Float32Array(65536);
    widenHalf(Uint16Array.from(everyHalf), out);
    const wrong = everyHalf.filter((half) => !Object.is(out[half], halfByDefinition(half)));
    expect(wrong).toEqual([]);
    expect(halfToFloat(0x3c01)).toBe(1 + 2 ** -10);
  });

  it('floatToHalf() returns every half to itself', () => {
    const wrong = everyHalf
      .filter((half) => (half & 0x7c00) !== 0x7c00 || (half & 0x3ff) === 0)
      .filter((half) => floatToHalf(halfByDefinition(half)) !== half);
    expect(wrong).toEqual([]);
    expect(floatToHalf(Number.NaN) & 0x7fff).toBeGreaterThan(0x7c00);
  });

  it('floatToHalf() rounds to the nearest half, ties to even, over the whole range', () => {
    for (let half = 0; half < 0x7bff; half++) {
      const low = halfByDefinition(half);
      const high = halfByDefinition(half + 1);
      const middle = (low + high) / 2; // exact in f32
      const step = middle * 2 ** -22;
      expect([floatToHalf(middle), floatToHalf(middle - step), floatToHalf(middle + step)]).toEqual([
        half + (half & 1),
        half,
        half + 1,
      ]);
      expect(floatToHalf(-middle)).toBe(0x8000 | (half + (half & 1)));
    }
    expect([65519.99, 65520, 1e9, Number.POSITIVE_INFINITY, 1e-9].map((x) => floatToHalf(Math.fround(x)))).toEqual([
      0x7bff, 0x7c00, 0x7c00, 0x7c00, 0,
    ]);
  }, 20_000);

  it('widenBrain() puts 16 bits on top of 16 zeros', () => {
    const out = new Float32Array(6);
    widenBrain(Uint16Array.from([0x3f80, 0xc000, 0x0001, 0x7f80, 0xff80, 0x8000]), out);
    expect([...out]).toEqual([1, -2, 2 ** -133, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]);
    widenBrain(Uint16Array.from([0x7fc1]), out);
    expect(out[0]).toBeNaN();
  });
});
