import { describe, expect, it } from 'vitest';
import fc from '../testing/fast-check.ts';
import { type Recipe, writeRecipe } from './apply-recipe.ts';
import { DEFAULT_SETTINGS } from './recipe.ts';
import { MAX_RECIPE_CHARS, readRecipe } from './recipe-file.ts';
import { withRecipe } from './with-recipe.ts';

const VARIANT = {
  loraPlusRatio: 16,
  loraPlusEmbeddingRate: 1e-5,
  lora: {
    use_rslora: true,
    use_dora: true,
    bias: 'lora_only',
    init_lora_weights: 'gaussian',
    exclude_modules: '.*layers\\.0\\..*',
    layers_to_transform: [0, 1],
    layers_pattern: 'layers',
    rank_pattern: { 'layers\\.1\\..*': 4 },
    alpha_pattern: { v_proj: 3 },
    modules_to_save: ['lm_head'],
    trainable_token_indices: { embed_tokens: [3, 5] },
  },
} as const;

const WHOLE: Recipe = {
  recipe: 1,
  name: 'Support, rank 16',
  settings: { ...DEFAULT_SETTINGS, rank: 16, targets: ['q_proj', 'v_proj'], checkpointing: 'block', ...VARIANT },
  base: { kind: 'hub', id: 'org/name', revision: 'main', quant: 'nf4' },
  data: { name: 'support.jsonl', rows: 1204, hash: 'a'.repeat(64) },
};

describe('readRecipe()', () => {
  it('gives back what was written', () => {
    expect(readRecipe(writeRecipe(WHOLE))).toEqual(WHOLE);
    expect(readRecipe('{"recipe": 1, "settings": {}}')).toEqual({ recipe: 1, settings: {} });
  });

  it('reads several adapters, and says which of them is wrong', () => {
    const adapters = [
      { name: 'a', settings: { rank: 4 } },
      { name: 'b', files: ['b.jsonl'] },
    ];
    expect(readRecipe(writeRecipe({ ...WHOLE, adapters })).adapters).toEqual(adapters);
    const twice = { ...WHOLE, adapters: [adapters[0]!, adapters[0]!] };
    expect(() => readRecipe(writeRecipe(twice))).toThrow('found "a" twice, need different names');
  });

  it.each([
    ['{', /^Cannot read the recipe: /],
    ['null', /found null for the whole/],
    ['{"settings": {}}', /recipe/],
    ['{"recipe": 2, "settings": {}}', 'found 2 for recipe, need 1, the only version there is'],
    ['{"recipe": 1, "settings": {"rank": 5000}}', 'found 5000 for settings.rank, need a whole number from 1 to 1024'],
    ['{"recipe": 1, "settings": {"rank": 2.5}}', 'found 2.5 for settings.rank, need a whole number'],
    ['{"recipe": 1, "settings": {"learningRate": "high"}}', 'found "high" for settings.learningRate'],
    ['{"recipe": 1, "settings": {"qlora": 1}}', 'found "settings.qlora", which this version of Graft does not know'],
    ['{"recipe": 1, "settings": {}, "run": "rm"}', 'found "run", which'],
    ['{"recipe": 1, "settings": {"schedule": "zigzag"}}', 'settings.schedule'],
    ['{"recipe": 1, "settings": {"steps": 5, "epochs": 2}}', 'found both steps and epochs'],
    ['{"recipe": 1, "settings": {"targets": []}}', 'settings.targets'],
    ['{"recipe": 1, "settings": {"lora": {"r": 8}}}', 'found "settings.lora.r", which'],
    ['{"recipe": 1, "settings": {"lora": {"init_lora_weights": "corda"}}}', 'settings.lora.init_lora_weights'],
    ['{"recipe": 1, "settings": {"lora": {"use_dora": true, "lora_bias": true}}}', 'need it without use_dora'],
    ['{"recipe": 1, "settings": {"loraPlusRatio": 0.5}}', 'settings.loraPlusRatio, need a number from 1'],
    ['{"recipe": 1, "settings": {}, "data": {"name": "x", "hash": "zz"}}', 'data.hash'],
    [`{"recipe": 1, "settings": {}, "name": "${'x'.repeat(121)}"}`, 'name'],
  ])('refuses %s', (text, says) => {
    expect(() => readRecipe(text)).toThrow(says);
  });

  it('parses no file that is far too long', () => {
    expect(() => readRecipe(' '.repeat(MAX_RECIPE_CHARS + 1))).toThrow('need at most');
  });

  it('pollutes no prototype', () => {
    for (const text of [
      '{"recipe": 1, "settings": {"__proto__": {"polluted": true}}}',
      '{"recipe": 1, "__proto__": {"polluted": true}, "settings": {}}',
      '{"recipe": 1, "settings": {"constructor": {"prototype": {"polluted": true}}}}',
    ]) {
      let read: unknown;
      try {
        read = readRecipe(text);
      } catch (error) {
        expect((error as Error).message).toMatch(/does not know/);
      }
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      expect((read as { polluted?: unknown } | undefined)?.polluted).toBeUndefined();
    }
  });

  it('reads or refuses whatever it is given, and what it reads is a run', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('rank', 'steps', 'targets', 'seed', 'x', '__proto__'), fc.jsonValue()),
        (settings) => {
          let recipe: Recipe;
          try {
            recipe = readRecipe(JSON.stringify({ recipe: 1, settings }));
          } catch (error) {
            expect((error as Error).message).toMatch(/^Cannot read the recipe: /);
            return;
          }
          withRecipe(DEFAULT_SETTINGS, recipe);
        },
      ),
    );
  });
});

describe('withRecipe()', () => {
  it('takes the length of the recipe, else the one there was', () => {
    expect(withRecipe(DEFAULT_SETTINGS, { settings: { steps: 40 } })).toMatchObject({ steps: 40 });
    expect('epochs' in withRecipe(DEFAULT_SETTINGS, { settings: { steps: 40 } })).toBe(false);
    expect(withRecipe(DEFAULT_SETTINGS, { settings: { rank: 2 } })).toMatchObject({ rank: 2, epochs: 3 });
  });
});
