import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS, type Recipe } from '../../engine/protocol.ts';
import { fuzzReader } from '../../testing/fuzz-reader.ts';
import { recipeInHash } from './read-recipes.ts';
import { MAX_LINK_CHARS, recipeLink, withoutRecipe } from './recipe-link.ts';
import { linkSources, readLink } from './testing/hostile-links.ts';

const recipe: Recipe = {
  recipe: 1,
  name: 'Größe 日本 🌱',
  settings: { ...DEFAULT_SETTINGS, targets: Array.from({ length: 12 }, (_, i) => `linear_${i}_proj`) },
  base: { kind: 'hub', id: 'org/name', revision: 'refs/pr/1', quant: 'q8' },
  data: { name: 'pirate.jsonl', rows: 207, hash: 'ab'.repeat(32) },
};

test('a link gives the recipe back, from any address of the page', () => {
  const link = recipeLink(recipe, 'https://example.org/graft/?x=1#/play');
  expect(link).toMatch(/^https:\/\/example\.org\/graft\/\?x=1#\/train\?recipe=[\w-]+$/);
  expect(link.length).toBeLessThan(MAX_LINK_CHARS / 3);
  expect(recipeInHash(new URL(link).hash)).toEqual(recipe);
  expect(recipeInHash('#/train')).toBeUndefined();
  expect(recipeInHash('#/train?other=1')).toBeUndefined();
});

test('a link that was cut, changed or made to harm is refused', () => {
  const { hash } = new URL(recipeLink(recipe, 'https://example.org/'));
  expect(() => recipeInHash(hash.slice(0, -9))).toThrow(/^Cannot read the recipe/);
  expect(() => recipeInHash('#/train?recipe=%%%')).toThrow(/^Cannot read the recipe/);
  expect(() => recipeInHash(`#/train?recipe=${'A'.repeat(MAX_LINK_CHARS + 1)}`)).toThrow('need at most');
  const evil = `#/train?recipe=${btoa('{"recipe":1,"settings":{"__proto__":{"x":1}}}').replace(/=+$/, '')}`;
  expect(() => recipeInHash(evil)).toThrow('does not know');
  expect(({} as { x?: number }).x).toBeUndefined();
});

test('the recipe leaves the address, the rest stays', () => {
  expect(withoutRecipe('#/train?recipe=abc')).toBe('#/train');
  expect(withoutRecipe('#/train?recipe=abc&x=1')).toBe('#/train?x=1');
});

test('changed links are read or refused with a sentence; unchanged ones are read (control)', async () => {
  for (const source of linkSources()) readLink(source.bytes, source);
  const counts = await fuzzReader(linkSources(), readLink, { runs: 300, seed: 7, maxBytes: 1 << 20 });
  expect(counts.refused).toBeGreaterThan(100);
});
