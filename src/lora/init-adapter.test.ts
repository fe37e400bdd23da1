import { describe, expect, it } from 'vitest';
import { checkAdapter } from './adapter.ts';
import { fnv1a, initAdapter } from './init-adapter.ts';
import { DEFAULT_LORA } from './lora-config.ts';
import type { Sites } from './place-adapter.ts';
import { TINY_LINEARS, TINY_SITES } from './testing/tiny-linears.ts';

const config = { ...DEFAULT_LORA, target_modules: 'all-linear' };
const statistics = (values: Float32Array) => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length) };
};
const large: Sites = { linears: new Map([['m.q_proj', [64, 4096]]]) };

describe('initAdapter()', () => {
  it('gives every target A of (r, in) and B of (out, r), B zero', () => {
    const adapter = initAdapter(config, TINY_SITES, 0, 'org/base');
    expect(adapter.baseName).toBe('org/base');
    expect([...adapter.modules.keys()]).toEqual([...TINY_LINEARS.keys()]);
    const down = adapter.modules.get('model.layers.0.mlp.down_proj')!;
    expect([down.a.length, down.b.length, down.scaling]).toEqual([8 * 128, 64 * 8, 1]);
    expect([...adapter.modules.values()].every(({ b }) => b.every((x) => x === 0))).toBe(true);
  });

  it('draws A uniformly from ±1/√in', () => {
    const { a } = initAdapter(config, large, 7).modules.get('m.q_proj')!;
    const bound = 1 / Math.sqrt(4096);
    expect(Math.max(...a)).toBeLessThan(bound);
    expect(Math.max(...a)).toBeGreaterThan(0.999 * bound);
    // 32,768 numbers: four standard errors of mean and deviation.
    const { mean, deviation } = statistics(a);
    expect(Math.abs(mean)).toBeLessThan(4 * (bound / Math.sqrt(3) / 181));
    expect(Math.abs(deviation * Math.sqrt(3) - bound)).toBeLessThan(0.02 * bound);
  });

  it('draws A from a normal of deviation 1/r for "gaussian"', () => {
    const { a } = initAdapter({ ...config, init_lora_weights: 'gaussian' }, large, 7).modules.get('m.q_proj')!;
    const { mean, deviation } = statistics(a);
    expect(Math.abs(mean)).toBeLessThan(4 * (0.125 / 181));
    expect(Math.abs(deviation - 0.125)).toBeLessThan(0.125 * 0.02);
    const beyondTwo = a.filter((x) => Math.abs(x) > 0.25).length / a.length;
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.005);
  });

  it('depends on seed and path alone, not on the other modules', () => {
    const path = 'model.layers.1.self_attn.v_proj';
    const a = (targets: string[] | string, seed: number) =>
      initAdapter({ ...config, target_modules: targets }, TINY_SITES, seed).modules.get(path)!.a;
    expect(a(['v_proj'], 5)).toEqual(a('all-linear', 5));
    expect(a(['v_proj'], 6)).not.toEqual(a(['v_proj'], 5));
    expect(a(['v_proj'], 5 + 2 ** 32)).not.toEqual(a(['v_proj'], 5));
    const modules = initAdapter(config, TINY_SITES, 5).modules;
    expect(modules.get('model.layers.0.self_attn.v_proj')!.a).not.toEqual(modules.get(path)!.a);
  });

  it('fills odd sizes to the last element', () => {
    const odd = initAdapter(
      { ...config, r: 3, init_lora_weights: 'gaussian' },
      { linears: new Map([['m.q_proj', [1, 5]]]) },
      1,
    );
    expect(odd.modules.get('m.q_proj')!.a.every((x) => x !== 0)).toBe(true);
    const uniform = initAdapter({ ...config, r: 3 }, { linears: new Map([['m.q_proj', [1, 5]]]) }, 1);
    expect(uniform.modules.get('m.q_proj')!.a.every((x) => x !== 0)).toBe(true);
  });

  it('refuses other ways to begin', () => {
    expect(() => initAdapter({ ...config, init_lora_weights: 'eva' }, TINY_SITES, 0)).toThrow(
      'found init_lora_weights "eva"',
    );
  });
});

describe('fnv1a()', () => {
  it('gives the published hashes', () => {
    expect([fnv1a(''), fnv1a('a'), fnv1a('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });
});

describe('checkAdapter()', () => {
  it('names the factor and the place of what is wrong', () => {
    const adapter = initAdapter({ ...config, target_modules: ['q_proj'] }, TINY_SITES, 0);
    expect(() => checkAdapter(adapter)).not.toThrow();
    const module = adapter.modules.get('model.layers.1.self_attn.q_proj')!;
    module.a[65] = Number.NaN;
    expect(() => checkAdapter(adapter)).toThrow(
      'Cannot use "model.layers.1.self_attn.q_proj.lora_A": found NaN at [1, 1]',
    );
    const short = { ...adapter, modules: new Map([['m', { ...module, b: new Float32Array(3) }]]) };
    module.a[65] = 0;
    expect(() => checkAdapter(short)).toThrow('Cannot use "m.lora_B": found 3 numbers, need 64 × 8');
  });
});
