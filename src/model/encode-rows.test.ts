import { describe, expect, it } from 'vitest';
import fc from '../testing/fast-check.ts';
import { encodeRows } from './encode-rows.ts';
import { DEQUANTIZERS } from './gguf/dequantize.ts';
import { widenBrain, widenHalf } from './half.ts';

const floats = fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 32, maxLength: 32 });
const back = (type: 'F16' | 'BF16', values: Float32Array) => {
  const out = new Float32Array(values.length);
  const halves = new Uint16Array(encodeRows(type, 't', values, 8).slice().buffer);
  if (type === 'F16') widenHalf(halves, out);
  else widenBrain(halves, out);
  return out;
};

describe('encodeRows()', () => {
  it('keeps f32 and rounds to the nearest f16 and bf16', () => {
    fc.assert(
      fc.property(floats, (list) => {
        const values = Float32Array.from(list);
        expect(new Float32Array(encodeRows('F32', 't', values, 8).slice().buffer)).toEqual(values);
        for (const [type, bits] of [
          ['F16', 11],
          ['BF16', 8],
        ] as const)
          for (const [i, value] of back(type, values).entries())
            expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(Math.abs(values[i]!) * 2 ** -bits + 2 ** -25);
      }),
    );
    // Halfway cases go to even.
    expect([...back('BF16', Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, -(1 + 2 ** -8)))]).toEqual([
      1,
      1 + 2 ** -6,
      -1,
    ]);
  });

  it('leaves numbers of Q8_0 as they are when they are written as Q8_0 again', () => {
    fc.assert(
      fc.property(floats, (list) => {
        const once = new Float32Array(32);
        const twice = new Float32Array(32);
        DEQUANTIZERS.get('Q8_0')!(encodeRows('Q8_0', 't', Float32Array.from(list), 32), once);
        DEQUANTIZERS.get('Q8_0')!(encodeRows('Q8_0', 't', once, 32), twice);
        // A scale that f16 has no number for is 0, and a code below 0 makes −0 of it.
        expect(twice).toEqual(once.map((value) => value + 0));
      }),
    );
  });

  it('refuses numbers beyond f16, and rows that are no whole blocks', () => {
    expect(() => encodeRows('F16', 'big', Float32Array.of(0, 0, 0, 70000), 2)).toThrow(
      'Cannot write tensor "big" as F16: found 70000 at [1, 1]',
    );
    expect(() => encodeRows('Q8_0', 'odd', new Float32Array(40), 20)).toThrow('found rows of 20');
  });
});
