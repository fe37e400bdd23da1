// Against PEFT's add_weighted_adapter: the files that it saved, and the deltas that torch computed from them.

import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileFromBytes } from '../../model/model-file.ts';
import { describeWithShared, diskFolder, sharedPath } from '../../model/testing/shared.ts';
import { readGoldenTensors, relativeL2 } from '../../train/testing/golden.ts';
import { type Adapter, asLora } from '../adapter.ts';
import { moduleDelta } from '../delta.ts';
import { readPeftFolder, writePeftFolder } from '../files/peft.ts';
import { initAdapter } from '../init-adapter.ts';
import { DEFAULT_LORA } from '../lora-config.ts';
import { TINY_LINEARS, TINY_SITES } from '../testing/tiny-linears.ts';
import { mergeLora } from './merge-lora.ts';
import type { MergeOptions } from './merge-options.ts';
import { GOLDEN_MERGES, type GoldenMerge, goldenMerges, optionsOf } from './testing/golden-merges.ts';

/** PEFT sums and decomposes in f32. */
const FACTORS = 1e-6;
const DELTAS = 1e-5;

describeWithShared('mergeLora() against PEFT', GOLDEN_MERGES, () => {
  const cases = goldenMerges();
  const at = (name: string) => sharedPath(path.join(GOLDEN_MERGES, name));
  const read = async (name: string) => (await readPeftFolder(diskFolder(at(name)), TINY_SITES)).adapter;
  const merge = async (c: GoldenMerge, change: Partial<MergeOptions> = {}, weights = c.weights) =>
    mergeLora(
      await Promise.all(
        c.adapters.map(async (name, i) => ({ name, adapter: await read(`adapters/${name}`), weight: weights[i]! })),
      ),
      { ...optionsOf(c), ...change },
    );
  /** Worst module: the difference as a share of the whole. */
  const deltaError = (ours: Adapter, theirs: Adapter) =>
    Math.max(
      ...[...theirs.modules].map(([path, m]) => relativeL2(moduleDelta(ours.modules.get(path)!), moduleDelta(m))),
    );

  it.each(Object.entries(cases))('%s: the config, the factors and the deltas', async (name, golden) => {
    const [ours, theirs] = [await merge(golden), await read(`merged/${name}`)];
    expect([...ours.modules.keys()].sort()).toEqual([...theirs.modules.keys()].sort());
    const { r, lora_alpha, lora_dropout, use_rslora, target_modules } = asLora(theirs, 'test').config;
    expect(ours.config).toMatchObject({ r, lora_alpha, lora_dropout, use_rslora });
    expect([...(ours.config.target_modules as string[])].sort()).toEqual([...(target_modules as string[])].sort());
    expect(deltaError(ours, theirs)).toBeLessThan(DELTAS);
    // The signs of singular vectors are free, so that only products can be compared there.
    if (!golden.combination_type.endsWith('svd'))
      for (const [path, m] of theirs.modules) {
        expect(relativeL2(ours.modules.get(path)!.a, m.a)).toBeLessThan(FACTORS);
        expect(relativeL2(ours.modules.get(path)!.b, m.b)).toBeLessThan(FACTORS);
      }
    const expected = (await readGoldenTensors(at('golden.safetensors'))).get(`${name}.delta0`)!;
    expect(relativeL2(moduleDelta(ours.modules.get(golden.delta0_module)!), expected)).toBeLessThan(DELTAS);
  });

  it('differs when a weight, the density, the rank or the vote does', async () => {
    const worst = async (name: string, change: Partial<MergeOptions>, weights?: number[]) =>
      deltaError(await merge(cases[name]!, change, weights), await read(`merged/${name}`));
    expect(await worst('cat', {}, [0.7, 0.301])).toBeGreaterThan(10 * DELTAS);
    expect(await worst('linear_neg', {}, [1, 0.5])).toBeGreaterThan(10 * DELTAS);
    expect(await worst('ties', { density: 0.51 })).toBeGreaterThan(10 * DELTAS);
    expect(await worst('ties_frequency', { majority: 'total' })).toBeGreaterThan(10 * DELTAS);
    expect(await worst('svd', { rank: 6 })).toBeGreaterThan(10 * DELTAS);
    expect(await worst('ties_svd', { method: 'magnitude_prune_svd' })).toBeGreaterThan(10 * DELTAS);
  });

  it('writes what PEFT reads: the same deltas come back', async () => {
    for (const name of ['cat', 'svd']) {
      const ours = await merge(cases[name]!);
      const files = writePeftFolder(ours, { name }).map((file) => fileFromBytes(file.name, file.bytes));
      expect(deltaError((await readPeftFolder(files, TINY_SITES)).adapter, ours)).toBe(0);
    }
  });

  // tools/fixtures/make-merges.py: PEFT itself, with our random numbers in place of torch's.
  it.each([
    ['dare_linear', { density: 0.6 }],
    ['dare_ties', { density: 0.6 }],
    ['dare_linear_svd', { density: 0.6, rank: 5 }],
    ['dare_ties_svd', { density: 0.6, rank: 5, majority: 'frequency' }],
    ['magnitude_prune_svd', { density: 0.4, rank: 5 }],
  ] as const)('%s: the delta that PEFT gives with the same masks', async (method, options) => {
    const PATH = 'model.layers.1.self_attn.v_proj';
    const file = path.join(import.meta.dirname, 'testing/fixtures/pruned.safetensors');
    const expected = (await readGoldenTensors(file)).get(`${method}.${PATH}`)!;
    const delta = async (seed: number, density: number = options.density) =>
      moduleDelta((await merge(cases.linear!, { method, ...options, density, seed }, [0.7, -0.3])).modules.get(PATH)!);
    expect(relativeL2(await delta(5), expected)).toBeLessThan(DELTAS);
    // The control: other masks, or for magnitudes another share.
    const other = method.startsWith('dare') ? await delta(6) : await delta(5, 0.41);
    expect(relativeL2(other, expected)).toBeGreaterThan(10 * DELTAS);
  });

  it('dare without pruning is linear, and every dare is the same again', async () => {
    const linear = await merge(cases.linear!);
    expect(deltaError(await merge(cases.linear!, { method: 'dare_linear', density: 1 }), linear)).toBe(0);
    const dare = { method: 'dare_ties', density: 0.5, seed: 3 } as const;
    expect(deltaError(await merge(cases.linear!, dare), await merge(cases.linear!, dare))).toBe(0);
    expect(
      deltaError(await merge(cases.linear!, dare), await merge(cases.linear!, { ...dare, seed: 4 })),
    ).toBeGreaterThan(0.1);
  });

  it.each(['dare_linear_svd', 'dare_ties_svd', 'magnitude_prune_svd'] as const)(
    '%s at density 1 and full rank is what it is without pruning',
    async (method) => {
      const whole = await merge({ ...cases.svd!, svd_rank: 32 }, { method, density: 1 });
      const plain = await merge(
        { ...cases.svd!, svd_rank: 32 },
        { method: method === 'dare_ties_svd' ? 'ties_svd' : 'svd', density: 1 },
      );
      expect(deltaError(whole, plain)).toBeLessThan(DELTAS);
    },
  );
});

describe('mergeLora()', () => {
  const made = (change = {}, linears = TINY_LINEARS) =>
    initAdapter({ ...DEFAULT_LORA, target_modules: ['q_proj'], ...change }, { linears }, 1);
  const input = (name: string, adapter: Adapter, weight = 1) => ({ name, adapter, weight });

  it('takes linears that only some adapters have, and other ranks', () => {
    const merged = mergeLora([input('a', made({ r: 2 })), input('b', made({ r: 3, target_modules: ['v_proj'] }))], {
      method: 'cat',
    });
    expect(new Set([...merged.modules.keys()].map((at) => at.split('.').at(-1)))).toEqual(
      new Set(['q_proj', 'v_proj']),
    );
    expect(new Set([...merged.modules.values()].map(({ r }) => r))).toEqual(new Set([5]));
    expect(merged.config.target_modules).toEqual(['q_proj', 'v_proj']);
  });

  it('drops rsLoRA, whose strength is in the factors now', () => {
    const merged = mergeLora([input('a', made({ r: 4, use_rslora: true }))], { method: 'cat' });
    expect(merged.config).toMatchObject({ use_rslora: false, r: 4, lora_alpha: 4 });
    const [module] = [...merged.modules.values()];
    const [first] = [...made({ r: 4, use_rslora: true }).modules.values()];
    expect(module!.a[5]).toBeCloseTo(first!.scaling * first!.a[5]!, 6);
  });

  it('refuses by name what cannot be merged', () => {
    const of = (...adapters: Adapter[]) => adapters.map((adapter, i) => input('ab'[i]!, adapter));
    expect(() => mergeLora(of(made({ r: 2 }), made({ r: 3 })), { method: 'linear' })).toThrow(
      'found rank 2 in "a" and 3 in "b", need the same rank for linear; cat and svd take any',
    );
    expect(() => mergeLora(of(made()), { method: 'ties' })).toThrow('found no density, need a share from 0 to 1');
    expect(() => mergeLora(of(made()), { method: 'ties', density: 1.5 })).toThrow('found density 1.5');
    expect(() => mergeLora(of(made()), { method: 'cat', rank: 3 })).toThrow('found rank 3 for cat');
    expect(() => mergeLora([], { method: 'cat' })).toThrow('found none, need at least one');
    const other = new Map([...TINY_LINEARS].map(([at, [out, inputs]]) => [at, [out, 2 * inputs] as const]));
    expect(() => mergeLora(of(made(), made({}, other)), { method: 'svd' })).toThrow('need adapters of one base');
    const patterned = made({ r: 8, rank_pattern: { 'layers.1.self_attn.q_proj': 4 } });
    expect(() => mergeLora(of(made({ r: 8 }), patterned), { method: 'linear' })).toThrow(
      /layers\.1\.self_attn\.q_proj" of rank 8 in "a" and 4 in "b"/,
    );
  });
});
