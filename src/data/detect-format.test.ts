import { expect, test } from 'vitest';
import { detectFormat } from './detect-format.ts';

const format = (name: string, head: string, isWhole = true) => detectFormat(name, head, isWhole).format;

test('detectFormat() goes by content before it goes by the extension', () => {
  expect(format('x.txt', '{"a":1}\n{"a":2}\n')).toBe('jsonl');
  expect(format('x.json', '{"a":1}\n{"a":2}\n')).toBe('jsonl');
  expect(format('x.jsonl', '[{"a":1},\n{"a":2}]')).toBe('json');
  expect(format('x.txt', '[\n {"a":1}]')).toBe('json');
  expect(format('x', 'ham\tone\nspam\ttwo\nham\tthree\nham\tfour\nspam\tfive')).toBe('tsv');
  expect(format('x.txt', 'prompt,completion\na,b\n')).toBe('csv');
});

test('detectFormat() goes by the extension where content leaves it open', () => {
  expect(format('x.csv', 'a\nb')).toBe('csv');
  expect(format('README.md', '# Title')).toBe('markdown');
  expect(format('x.txt', 'Once upon a time')).toBe('text');
  expect(format('x.jsonl', 'not json at all')).toBe('jsonl');
});

test('detectFormat() does not take prose that begins with a bracket for JSON', () => {
  expect(format('x.txt', '[INST] hello')).toBe('text');
  expect(format('x.md', '[link](https://example.org)')).toBe('markdown');
  expect(format('x.txt', '{{ template }}')).toBe('text');
});

test('detectFormat() tells an object over several lines from one object per line', () => {
  expect(format('x.json', '{\n "data": [\n  {"a":1},\n  {"a":2}\n ]\n}')).toBe('json');
  expect(format('x.json', '{"data":[{"a":1}]}')).toBe('json');
  expect(format('x.jsonl', '{\n "a": 1\n}\n{\n "a": 2\n}')).toBe('json');
  expect(format('x.jsonl', '{"prompt": "cut')).toBe('jsonl');
  expect(format('x.jsonl', '{"prompt": "a first row longer than the head', false)).toBe('jsonl');
});

test.each([
  ['a;b\n1;2\n3;4\n', ';'],
  ['a\tb\n1\t2\n', '\t'],
  ['a|b\n1|2\n', '|'],
  ['text,label\n"a; b; c",x\n', ','],
])('detectFormat() finds the delimiter of %j', (head, delimiter) => {
  expect(detectFormat('x.csv', head, true).delimiter).toBe(delimiter);
});
