import { expect, it } from 'vitest';
import { whichWays } from './which-ways.ts';

it.each([
  ['Cannot open another base: a run is going on; stop it first', ['stop', 'train']],
  ['Cannot change the base or the data while a run goes on: stop it first', ['stop', 'train']],
  ['Cannot go on: found no open base model, need one', ['base']],
  ['Cannot train: found no dataset, need one whose columns have a meaning', ['data']],
  ['Cannot take rows: found none held back, need a share above 0 % and more than one row', ['train', 'data']],
  ['Cannot find adapter "x" in this browser\'s storage', ['library']],
  ['Cannot go on: the GPU device was lost (unknown: )', ['reload']],
  ['Failed to fetch dynamically imported module: http://x/y.js', ['reload']],
  ['Something else', []],
])('%s', (message, ways) => {
  expect(whichWays(message)).toEqual(ways);
});
