import { expect, test } from 'vitest';
import { areSamplesOn, promptsOf, samplesStore } from './samples-store.ts';

test('a line is a prompt, four at most', () => {
  expect(promptsOf({ prompts: ' How are you? \n\nWho?\n1\n2\n3' })).toEqual(['How are you?', 'Who?', '1', '2']);
  expect(promptsOf({ prompts: '\n \n' })).toEqual([]);
});

test('samples are asked on a GPU and not on a software adapter, until someone says otherwise', () => {
  const samples = samplesStore.getState();
  expect([areSamplesOn(samples, false), areSamplesOn(samples, true)]).toEqual([true, false]);
  expect(areSamplesOn({ ...samples, isOn: true }, true)).toBe(true);
  expect(areSamplesOn({ ...samples, isOn: false }, false)).toBe(false);
});
