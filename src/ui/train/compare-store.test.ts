import { beforeEach, expect, test } from 'vitest';
import { adaptersNow, compare, compareRecipe, compareStore, waysToTrain, whyNotCompare } from './compare-store.ts';
import { changeSettings, settingsStore } from './settings-store.ts';

const ADAPTERS = [
  { name: 'small', settings: { rank: 4, alpha: 8 } },
  { name: 'slow', settings: { learningRate: 1e-5 }, files: ['data/own.jsonl'] },
];

beforeEach(() => compareRecipe(undefined));

test('the adapters of a recipe are trained as it says, over what is set', () => {
  compareRecipe(ADAPTERS);
  changeSettings({ seed: 7 });
  const { settings } = settingsStore.getState();
  expect(waysToTrain()).toEqual([
    { says: 'small', name: 'small', settings: { ...settings, rank: 4, alpha: 8 } },
    { says: 'slow', name: 'slow', settings: { ...settings, learningRate: 1e-5 }, file: 'own.jsonl' },
  ]);
  expect(whyNotCompare(), 'its file is not there yet').toContain('“slow” learns own.jsonl: add it in Data');
  expect(adaptersNow()).toEqual([ADAPTERS[0], { ...ADAPTERS[1], files: ['own.jsonl'] }]);
});

test('what is compared is a recipe of several', () => {
  compare('rank');
  expect(adaptersNow()!.slice(0, 2)).toEqual([{ name: 'rank 4', settings: { rank: 4, alpha: 8 } }, { name: 'rank 8' }]);
  compare(undefined);
  expect(adaptersNow()).toBeUndefined();
});

test('a recipe that this page cannot train is refused, and nothing changes', () => {
  const two = [{ name: 'both', files: ['a.jsonl', 'b.jsonl'] }, ADAPTERS[0]!];
  expect(() => compareRecipe(two)).toThrow('Cannot train “both” on this page: found 2 files for it');
  expect(compareStore.getState().what).toBeUndefined();
});
