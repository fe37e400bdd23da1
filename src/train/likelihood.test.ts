import { describe, expect, it } from 'vitest';
import fc from '../testing/fast-check.ts';
import { judge } from './likelihood.ts';
import { tokenProbabilities } from './testing/token-probabilities.ts';

describe('judge()', () => {
  it('tells the probability of a token and the likeliest ones, best first, as softmax has them', () => {
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1, maxLength: 60, noNaN: true, min: -40, max: 40 }), (logits) => {
        const expected = tokenProbabilities(logits, { temperature: 1, topP: 1, seed: 0 });
        const order = [...expected.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
        const { probability, likeliest } = judge(logits, 0, 5);
        expect(probability).toBeCloseTo(expected[0]!, 12);
        expect(likeliest.map(({ id }) => id)).toEqual(order.slice(0, 5));
        for (const { id, probability: p } of likeliest) expect(p).toBeCloseTo(expected[id]!, 12);
      }),
    );
  });

  it('tells no others unless asked', () => {
    expect(judge(Float32Array.of(0, 0), 1, 0)).toEqual({ probability: 0.5, likeliest: [] });
  });
});
