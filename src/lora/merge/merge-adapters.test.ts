// Merges of IA³, of LoRA on an embedding and of DoRA against PEFT's add_weighted_adapter (tools/fixtures/make-method-merges.py), and
// what is refused.

import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileFromBytes } from '../../model/model-file.ts';
import { openModelFolder } from '../../model/model-folder.ts';
import { modelParts } from '../../model/model-parts.ts';
import { diskFolder } from '../../model/testing/shared.ts';
import { relativeL2 } from '../../train/testing/golden.ts';
import type { AdapterModule } from '../adapter.ts';
import { tensorsOf } from '../adapter-tensors.ts';
import { moduleDelta } from '../delta.ts';
import { readPeftFolder, writePeftFolder } from '../files/peft.ts';
import { readAdapterAlone } from '../files/read-alone.ts';
import { baseLengths } from './base-lengths.ts';
import { mergeAdapters, methodsFor } from './merge-adapters.ts';
import { noticesOfIa3 } from './merge-ia3.ts';
import { isPruning, MERGE_METHODS, type MergeBase, type MergeOptions } from './merge-options.ts';

const WEIGHTS = [0.7, -0.3] as const;
/** PEFT sums in f32. */
const FACTORS = 1e-6;
const DELTAS = 1e-5;

const fixtures = path.join(import.meta.dirname, '../../train/testing/fixtures');
const opened = openModelFolder(diskFolder(path.join(fixtures, 'llama_yarn/model')), 'llama_yarn');
const parts = opened.then(({ config }) => modelParts(config));
const at = (kind: string, name: string) => diskFolder(path.join(import.meta.dirname, 'testing/fixtures', kind, name));
const read = async (kind: string, name: string) => (await readPeftFolder(at(kind, name), await parts)).adapter;
const inputs = async (kind: string, weights: readonly number[] = WEIGHTS) => [
  { name: 'a', adapter: await read(kind, 'a'), weight: weights[0]! },
  { name: 'b', adapter: await read(kind, 'b'), weight: weights[1]! },
];
const merge = async (kind: string, options: MergeOptions, weights: readonly number[] = WEIGHTS) => {
  const all = await inputs(kind, weights);
  const base = { tensors: (await opened).tensors, parts: await parts };
  const lengths = await baseLengths(
    all.map(({ adapter }) => adapter),
    base,
  );
  return mergeAdapters(all, { ...options, baseLengths: lengths });
};

describe.each(['ia3', 'ia3-patterns'])('IA³ against PEFT: %s', (kind) => {
  it('gives every factor, to the bit, in the place where PEFT has it', async () => {
    const [ours, theirs] = [await merge(kind, { method: 'linear' }), await read(kind, 'linear')];
    expect(new Map([...tensorsOf(ours)].sort())).toEqual(new Map([...tensorsOf(theirs)].sort()));
    // Written, the config finds the same places again.
    const files = writePeftFolder(ours, { name: 'merged' }).map((file) => fileFromBytes(file.name, file.bytes));
    const again = (await readPeftFolder(files, await parts)).adapter;
    expect(again.ia3).toEqual(theirs.ia3);
    // The control.
    const other = await merge(kind, { method: 'linear' }, [0.7, -0.31]);
    expect(new Map([...tensorsOf(other)].sort())).not.toEqual(new Map([...tensorsOf(theirs)].sort()));
  });

  it('is the same without the base at hand', async () => {
    const alone = await Promise.all(
      ['a', 'b'].map(async (name, i) => {
        const { adapter } = await readAdapterAlone(at(kind, name));
        return { name, adapter, weight: WEIGHTS[i]! };
      }),
    );
    const merged = mergeAdapters(alone, { method: 'linear' });
    expect(tensorsOf(merged)).toEqual(tensorsOf(await merge(kind, { method: 'linear' })));
  });
});

describe.each([
  ['embedding', 'linear', {}],
  ['embedding', 'cat', {}],
  ['embedding', 'svd', { rank: 2 }],
  ['embedding', 'ties', { density: 0.6 }],
  ['dora', 'linear', {}],
  ['dora', 'cat', {}],
] as const)('LoRA against PEFT: %s, %s', (kind, method, options) => {
  it('gives the factors, the deltas and the lengths', async () => {
    const [ours, theirs] = [await merge(kind, { method, ...options }), await read(kind, method)];
    expect([...tensorsOf(ours).keys()].sort()).toEqual([...tensorsOf(theirs).keys()].sort());
    const other = await merge(kind, { method, ...options }, [0.7, -0.31]);
    for (const [at, module] of theirs.modules) {
      const delta = moduleDelta(module);
      expect(relativeL2(moduleDelta(ours.modules.get(at)!), delta), at).toBeLessThan(DELTAS);
      expect(relativeL2(moduleDelta(other.modules.get(at)!), delta), `${at}, the control`).toBeGreaterThan(10 * DELTAS);
    }
    // The signs of singular vectors are free.
    const expected = tensorsOf(theirs);
    for (const [name, values] of method === 'svd' ? [] : tensorsOf(ours))
      expect(relativeL2(values, expected.get(name)!), name).toBeLessThan(FACTORS);
  });
});

describe('mergeAdapters()', () => {
  it('says what weights do to a base that is to stay as it is', async () => {
    expect(noticesOfIa3(await inputs('ia3', [1, 1]))[0]).toMatch(
      /^the weights at ".*v_proj" and \d+ more add up to 2, not 1/,
    );
    const [a] = await inputs('ia3', [1, 0]);
    expect(noticesOfIa3([a!])).toEqual([]);
    expect(noticesOfIa3(await inputs('dora'))).toEqual([]);
  });

  it('refuses by name what cannot be merged', async () => {
    const fixture = async (name: string) => {
      const { adapter } = await readPeftFolder(
        diskFolder(path.join(fixtures, 'llama_yarn', name, 'adapter')),
        await parts,
      );
      return { name, adapter, weight: 1 };
    };
    const [ia3, prompt, pfeiffer] = [await fixture('ia3'), await fixture('prompt'), await fixture('pfeiffer')];
    const [dora] = await inputs('dora');
    const [plain] = await inputs('embedding');
    const refusal = (all: Parameters<typeof mergeAdapters>[0], options: MergeOptions = { method: 'linear' }) =>
      expect(() => mergeAdapters(all, options));
    refusal([]).toThrow('found none, need at least one');
    refusal([{ ...ia3, weight: Number.NaN }]).toThrow('weight NaN for "ia3", need a number');
    refusal([prompt]).toThrow('found prompt tuning in "prompt", need LoRA or IA³ (its rows stand before the text');
    refusal([ia3, pfeiffer]).toThrow('found bottleneck adapters in "pfeiffer", need LoRA or IA³ (its layers have');
    refusal([ia3, plain!]).toThrow('found IA³ in "ia3" and LoRA in "a", need one method');
    refusal([ia3], { method: 'cat' }).toThrow('found method cat for IA³, need linear');
    refusal([ia3], { method: 'linear', rank: 2 }).toThrow('found rank 2 for IA³');
    refusal([dora!, { ...plain!, name: 'c' }]).toThrow(
      'found DoRA in "a" and plain LoRA in "c", need one of them in all',
    );
    refusal([dora!]).toThrow(/found DoRA at ".*", need the base/);
    const saved = {
      ...ia3,
      adapter: {
        ...ia3.adapter,
        saved: new Map([['model.norm.weight', { shape: [24], values: new Float32Array(24) }]]),
      },
    };
    refusal([saved]).toThrow('found parameters trained in full ("model.norm.weight") in "ia3"');
    const flipped = new Map([...ia3.adapter.ia3!].map(([at, m]) => [at, { ...m, isFeedforward: !m.isFeedforward }]));
    refusal([ia3, { ...ia3, name: 'other', adapter: { ...ia3.adapter, ia3: flipped } }]).toThrow(
      /with \d+ outputs scaled in "ia3" and \d+ inputs in "other", need the same/,
    );
  });

  it('refuses adapters of two bases', async () => {
    const over = (a: MergeBase | undefined, b: MergeBase | undefined) => async () => {
      const [one, other] = await inputs('embedding');
      const all = [
        { ...one!, base: a },
        { ...other!, base: b },
      ];
      methodsFor(all);
      return mergeAdapters(all, { method: 'cat' });
    };
    const scion = { name: 'scion', hash: '1', quant: 'q8' };
    await expect(over(scion, { ...scion, name: 'graft', hash: '2' })()).rejects.toThrow(
      'Cannot merge the adapters: found "a" over scion and "b" over graft, need one base',
    );
    await expect(over(scion, { ...scion, hash: '2' })()).rejects.toThrow('"b" over another scion, need one base');
    await expect(over({ name: 'scion', hash: '1' }, { ...scion, hash: '2' })()).rejects.toThrow('need one base');
    // The same under another name; stored in another way; and one of which nothing is known.
    for (const same of [{ ...scion, name: 'copy' }, { ...scion, hash: '2', quant: 'nf4' }, undefined])
      expect((await over(scion, same)()).config).toMatchObject({ peft_type: 'LORA' });
  });

  it('says beforehand which methods will do, and what it will say where none does', async () => {
    const [a, b] = await inputs('embedding');
    const higher = new Map([...b!.adapter.modules].map(([at, m]) => [at, widened(m)]));
    const cases = {
      'LoRA of one rank': [a!, b!],
      'LoRA of two ranks': [a!, { ...b!, adapter: { ...b!.adapter, modules: higher } }],
      DoRA: await inputs('dora'),
      'IA³': await inputs('ia3'),
      mixed: [a!, (await inputs('ia3'))[0]!],
      'DoRA and LoRA': [a!, (await inputs('dora'))[0]!],
    };
    for (const [kind, all] of Object.entries(cases)) {
      const lengths = await baseLengths(
        all.map(({ adapter }) => adapter),
        { tensors: (await opened).tensors, parts: await parts },
      );
      const tried = MERGE_METHODS.map((method) => {
        try {
          mergeAdapters(all, { method, baseLengths: lengths, ...(isPruning(method) && { density: 0.5 }) });
          return method;
        } catch (error) {
          return error as Error;
        }
      });
      const able = tried.filter((one) => typeof one === 'string');
      if (able.length > 0) expect(methodsFor(all), kind).toEqual(able);
      else expect(() => methodsFor(all), kind).toThrow((tried[0] as Error).message);
    }
    expect(methodsFor(cases['LoRA of one rank'])).toEqual([...MERGE_METHODS]);
    expect(methodsFor(cases['LoRA of two ranks'])).not.toContain('linear');
    expect(methodsFor(cases['IA³'])).toEqual(['linear']);
  });
});

/** The same change at twice the rank. */
function widened(module: AdapterModule): AdapterModule {
  const { a, b, r, outFeatures } = module;
  const wide = new Float32Array(2 * b.length);
  for (let o = 0; o < outFeatures; o++) wide.set(b.subarray(o * r, (o + 1) * r), o * 2 * r);
  const twice = new Float32Array(2 * a.length);
  twice.set(a);
  return { ...module, r: 2 * r, a: twice, b: wide };
}
