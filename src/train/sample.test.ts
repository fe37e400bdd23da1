import { describe, expect, it } from 'vitest';
import { readTensor } from '../model/read-tensor.ts';
import { readSafetensorsHeader } from '../model/safetensors.ts';
import { describeWithShared, sharedFile } from '../model/testing/shared.ts';
import fc from '../testing/fast-check.ts';
import { makeSampler, type SamplingSettings } from './sample.ts';
import { tokenProbabilities } from './testing/token-probabilities.ts';

const PLAIN: SamplingSettings = { temperature: 1, topP: 1, seed: 0 };

describeWithShared('tokenWeights() against the logits processors of transformers', 'goldens/sampling', () => {
  const CASES: Record<string, Partial<SamplingSettings>> = {
    'temperature_0.7': { temperature: 0.7 },
    top_k_20: { topK: 20 },
    'top_p_0.9': { topP: 0.9 },
    'top_p_0.5': { topP: 0.5 },
    'min_p_0.05': { minP: 0.05 },
    'repetition_1.3': { repetitionPenalty: 1.3 },
    'rep1.1_temp0.8_k50_p0.95': { repetitionPenalty: 1.1, temperature: 0.8, topK: 50, topP: 0.95 },
  };
  const read = async () => {
    const file = sharedFile('goldens/sampling/golden.safetensors');
    const tensors = new Map((await readSafetensorsHeader(file)).tensors.map((t) => [t.name, t]));
    const ids = tensors.get('prev_ids')!;
    const seen = new Int32Array((await file.read(ids.begin, ids.end - ids.begin)).slice().buffer);
    const rows = async (name: string) => {
      const all = await readTensor(tensors.get(name)!);
      return [0, 1, 2].map((row) => all.subarray(row * 512, (row + 1) * 512));
    };
    return {
      logits: await rows('logits'),
      seen: [0, 1, 2].map((row) => new Set(seen.subarray(row * 20, (row + 1) * 20))),
      rows,
    };
  };
  const worst = async (name: string, change: Partial<SamplingSettings>) => {
    const { logits, seen, rows } = await read();
    const expected = await rows(`${name}.probs`);
    let most = 0;
    for (const row of [0, 1, 2]) {
      const ours = tokenProbabilities(logits[row]!, { ...PLAIN, ...change }, seen[row]);
      for (const [i, p] of ours.entries()) {
        expect(p > 0, `row ${row}, token ${i}`).toBe(expected[row]![i]! > 0);
        most = Math.max(most, Math.abs(p - expected[row]![i]!));
      }
    }
    return most;
  };
  // Theirs are f32.
  it.each(Object.entries(CASES))('%s', async (name, change) => expect(await worst(name, change)).toBeLessThan(1e-6));
  it('sees another setting (control)', async () => {
    expect(await worst('temperature_0.7', { temperature: 0.71 })).toBeGreaterThan(1e-4);
    await expect(worst('top_k_20', { topK: 21 })).rejects.toThrow();
  });
});

describe('makeSampler()', () => {
  const logits = Float32Array.of(0, 3, 1, 2);
  it('is greedy at temperature 0, after the penalty', () => {
    const greedy = { ...PLAIN, temperature: 0 };
    expect(makeSampler(greedy)(logits, 0, 0)).toBe(1);
    expect(makeSampler({ ...greedy, repetitionPenalty: 2 })(logits, 0, 0, new Set([1]))).toBe(3);
  });
  it('gives the same tokens for the same seed and other tokens for another', () => {
    const draw = (seed: number) =>
      Array.from({ length: 50 }, (_, step) => makeSampler({ ...PLAIN, seed })(logits, 0, step)).join('');
    expect(draw(1)).toBe(draw(1));
    expect(draw(1)).not.toBe(draw(2));
  });
  it('draws tokens as often as their probability says', () => {
    for (const settings of [
      { ...PLAIN, seed: 3 },
      { ...PLAIN, seed: 4, temperature: 2, topK: 3, minP: 0.4 },
    ]) {
      const sample = makeSampler(settings);
      const counts = [0, 0, 0, 0];
      for (let step = 0; step < 20_000; step++) counts[sample(logits, 0, step)]! += 1;
      for (const [id, p] of tokenProbabilities(logits, settings).entries())
        expect(Math.abs(counts[id]! / 20_000 - p)).toBeLessThan(0.012); // 3.5 σ
    }
  });
  it('keeps the likeliest token however small top-p is, and the nucleus otherwise', () => {
    expect([...tokenProbabilities(logits, { ...PLAIN, topP: 1e-9 })]).toEqual([0, 1, 0, 0]);
    expect(tokenProbabilities(logits, { ...PLAIN, topP: 0.8 }).map(Math.ceil)).toEqual(Float64Array.of(0, 1, 0, 1));
  });
  it('has in the nucleus and among the likeliest what a sort of all tokens has', () => {
    const few = { minLength: 1, maxLength: 80, noNaN: true, min: -9, max: 9 } as const;
    const setting = fc.record({ topP: fc.double({ min: 0.01, max: 1, noNaN: true }), topK: fc.nat(90) });
    fc.assert(
      fc.property(fc.float32Array(few), setting, (scores, { topP, topK }) => {
        const found = tokenProbabilities(scores, { ...PLAIN, topP, topK });
        const weights = Array.from(scores, (x) => Math.exp(x - Math.max(...scores)));
        const sorted = weights.toSorted((a, b) => b - a);
        const likeliest = sorted.slice(0, topK || undefined);
        const enough = topP * weights.filter((w) => w >= likeliest.at(-1)!).reduce((a, b) => a + b, 0);
        const masses = likeliest.map((_, i) => likeliest.slice(0, i + 1).reduce((a, b) => a + b, 0));
        // Where the sum of a nucleus meets its share to the last bit, the order of adding decides.
        fc.pre(topP === 1 || masses.every((mass) => Math.abs(mass - enough) > 1e-12));
        const last = topP === 1 ? -1 : masses.findIndex((mass) => mass >= enough);
        const isIn = weights.map((w) => w >= likeliest.at(last)!);
        expect([...found].map((p) => p > 0)).toEqual(isIn);
      }),
    );
  });
  it.each([
    [{ temperature: -1 }, 'Cannot generate with temperature -1: need a number from 0 (greedy)'],
    [{ temperature: Number.NaN }, 'temperature NaN'],
    [{ topK: 1.5 }, 'top-k 1.5'],
    [{ topP: 0 }, 'top-p 0'],
    [{ minP: 1.5 }, 'min-p 1.5'],
    [{ repetitionPenalty: 0 }, 'repetition penalty 0'],
  ])('refuses %j', (change, message) => {
    expect(() => makeSampler({ ...PLAIN, ...change })).toThrow(message);
  });
});
