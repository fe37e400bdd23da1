import { expect, test } from 'vitest';
import { nameOfPasted } from './name-of-pasted.ts';

test.each([
  ['{"prompt":"a","completion":"b"}\n{"prompt":"c"}', 'x.jsonl'],
  ['{"prompt":"a"}', 'x.jsonl'],
  ['{\n "data": []\n}', 'x.json'],
  [' [{"a":1}] ', 'x.json'],
  ['question\tanswer\nWho?\tAda', 'x.tsv'],
  ['one\ttab\nno tab', 'x.txt'],
  ['Just text, with commas.', 'x.txt'],
])('%j is called %s', (text, name) => {
  expect(nameOfPasted(text, 'x')).toBe(name);
});
