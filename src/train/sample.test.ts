import { describe, expect, it } from 'vitest';
import { makeSampler, sampleTopP, softmax } from './sample.ts';

describe('makeSampler()', () => {
  const logits = Float32Array.of(0, 3, 1, 2);
  it('is greedy at temperature 0', () => {
    expect(makeSampler({ temperature: 0, topP: 1, seed: 1 })(logits, 0, 0)).toBe(1);
  });
  it('gives the same tokens for the same seed and other tokens for another', () => {
    const draw = (seed: number) =>
      Array.from({ length: 50 }, (_, step) => makeSampler({ temperature: 1, topP: 1, seed })(logits, 0, step)).join('');
    expect(draw(1)).toBe(draw(1));
    expect(draw(1)).not.toBe(draw(2));
  });
  it('draws tokens as often as their probability says', () => {
    const sample = makeSampler({ temperature: 1, topP: 1, seed: 3 });
    const counts = [0, 0, 0, 0];
    for (let step = 0; step < 20_000; step++) counts[sample(logits, 0, step)]! += 1;
    for (const [id, p] of softmax(logits, 1).entries()) expect(Math.abs(counts[id]! / 20_000 - p)).toBeLessThan(0.012); // 3.5 σ
  });
});

describe('sampleTopP()', () => {
  it('never leaves the nucleus', () => {
    const p = Float64Array.of(0.5, 0.1, 0.3, 0.1);
    for (let i = 0; i < 100; i++) expect([0, 2]).toContain(sampleTopP(p, 0.75, i / 100));
  });
  it('keeps the most probable token when top-p is tiny', () => {
    expect(sampleTopP(Float64Array.of(0.2, 0.5, 0.3), 1e-9, 0.99)).toBe(1);
  });
});
