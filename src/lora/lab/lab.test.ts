import { describe, expect, it } from 'vitest';
import type { Adapter, AdapterModule } from '../adapter.ts';
import { moduleDelta } from '../delta.ts';
import { DEFAULT_LORA } from '../lora-config.ts';
import { compareAdapters } from './compare-adapters.ts';
import { moduleSpectrum, rankFor, spectrumOf } from './module-spectrum.ts';
import { spectralAdapter, truncateAdapter } from './truncate-adapter.ts';

function noisyModule(r: number, outFeatures: number, inFeatures: number, salt = 0, scaling = 2): AdapterModule {
  const noise = (n: number, k: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(1 + i * 12.9898 + k));
  const [a, b] = [noise(r * inFeatures, salt), noise(outFeatures * r, salt + 7)];
  return { r, alpha: scaling * r, scaling, a, b, inFeatures, outFeatures };
}
const adapterOf = (modules: Record<string, AdapterModule>): Adapter => ({
  config: { ...DEFAULT_LORA, r: 4, target_modules: Object.keys(modules) },
  baseName: undefined,
  modules: new Map(Object.entries(modules)),
});
const frobenius = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const inner = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);

describe('moduleSpectrum()', () => {
  it('has the norm of the matrix itself, and all of its energy at full rank', () => {
    const module = noisyModule(4, 12, 9);
    const { norm, energy, singularValues } = moduleSpectrum(module);
    expect(norm).toBeCloseTo(frobenius(moduleDelta(module)), 4);
    expect(singularValues.length).toBe(4);
    expect(energy.at(-1)).toBeCloseTo(1, 12);
    expect([...energy]).toEqual([...energy].sort((a, b) => a - b));
  });

  it('counts directions that are in use', () => {
    expect(spectrumOf([1, 1, 1, 1]).effectiveRank).toBeCloseTo(4, 12);
    expect(spectrumOf([5, 0, 0]).effectiveRank).toBeCloseTo(1, 12);
    expect(spectrumOf([3, 1]).effectiveRank).toBeGreaterThan(1);
    expect(spectrumOf([0, 0])).toEqual({ singularValues: [0, 0], norm: 0, energy: [0, 0], effectiveRank: 0 });
    expect(rankFor(spectrumOf([3, 1, 0.1]), 0.85)).toBe(1);
    expect(rankFor(spectrumOf([3, 1, 0.1]), 0.95)).toBe(2);
    expect(rankFor(spectrumOf([3, 1, 0.1]), 1)).toBe(3);
  });
});

describe('compareAdapters()', () => {
  const one = adapterOf({ q: noisyModule(4, 12, 9), v: noisyModule(2, 5, 9, 3) });
  const other = adapterOf({ q: noisyModule(3, 12, 9, 11, -1), k: noisyModule(2, 5, 9) });

  it('is the cosine of the matrices', () => {
    const { cosine, modules } = compareAdapters(one, other);
    const [x, y] = [moduleDelta(one.modules.get('q')!), moduleDelta(other.modules.get('q')!)];
    expect([...modules.keys()]).toEqual(['q']);
    expect(modules.get('q')).toBeCloseTo(inner(x, y) / (frobenius(x) * frobenius(y)), 5);
    const whole = (adapter: Adapter) =>
      Math.hypot(...[...adapter.modules.values()].map((module) => frobenius(moduleDelta(module))));
    expect(cosine).toBeCloseTo(inner(x, y) / (whole(one) * whole(other)), 5);
  });

  it('is 1 with itself, -1 with its opposite, and refuses another base', () => {
    expect(compareAdapters(one, one).cosine).toBeCloseTo(1, 12);
    const opposite = adapterOf(
      Object.fromEntries([...one.modules].map(([path, m]) => [path, { ...m, scaling: -m.scaling }])),
    );
    expect(compareAdapters(one, opposite).cosine).toBeCloseTo(-1, 12);
    expect(() => compareAdapters(one, adapterOf({ q: noisyModule(4, 10, 9) }))).toThrow('need adapters of one base');
  });
});

describe('truncateAdapter()', () => {
  const whole = adapterOf({ q: noisyModule(4, 12, 9), v: noisyModule(2, 5, 9, 3) });
  const distance = (x: AdapterModule, y: AdapterModule) => {
    const [dx, dy] = [moduleDelta(x), moduleDelta(y)];
    return frobenius(dx.map((value, i) => value - dy[i]!));
  };

  it('at full rank is the same adapter in another basis', () => {
    const spectral = spectralAdapter(whole);
    for (const [path, module] of whole.modules) {
      expect(distance(spectral.modules.get(path)!, module)).toBeLessThan(1e-5);
      expect(spectral.modules.get(path)).toMatchObject({ r: module.r, alpha: module.r, scaling: 1 });
    }
  });

  it('leaves exactly what the lost singular values hold', () => {
    const cut = truncateAdapter(whole, 2);
    const { singularValues } = moduleSpectrum(whole.modules.get('q')!);
    const lost = Math.hypot(...singularValues.slice(2));
    expect(distance(cut.modules.get('q')!, whole.modules.get('q')!)).toBeCloseTo(lost, 4);
    expect(cut.modules.get('v')!.r).toBe(2);
    expect(cut.config).toMatchObject({ r: 2, lora_alpha: 2 });
  });

  it('refuses ranks that are none', () => {
    for (const rank of [0, -1, 1.5, Number.NaN]) expect(() => truncateAdapter(whole, rank)).toThrow('Cannot truncate');
  });
});
