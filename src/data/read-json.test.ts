import { expect, test } from 'vitest';
import fc from '../testing/fast-check.ts';
import { fileOf, readAll } from './testing/data-files.ts';

const read = (content: string, name = 'x.json', chunkBytes?: number) => readAll(fileOf(name, content, chunkBytes));

test('readJsonl() names each bad line and reads the others', async () => {
  const { rows, skipped } = await read(
    '{"a":1}\n\n[1]\n{"a":\n{"b":2}\n"text"\n{"a":1},\n{\'a\':1}\n{"c":3}\n',
    'x.jsonl',
  );
  expect(rows).toEqual([
    { line: 1, fields: { a: 1 } },
    { line: 5, fields: { b: 2 } },
    { line: 9, fields: { c: 3 } },
  ]);
  expect(skipped.map(({ line, reason }) => [line, reason])).toEqual([
    [3, 'found a list, need an object'],
    [4, 'not valid JSON: cut off'],
    [6, 'found text, need an object'],
    [7, 'not valid JSON: a comma after the object'],
    [8, 'not valid JSON: names and texts need double quotes'],
  ]);
});

test('readJson() reads an array row by row, with the line where each begins', async () => {
  const { rows } = await read('[\n  {"a": "x]}\\"{"},\n\n  {\n    "a": [1, {"b": 2}]\n  }, {"a": 3}\n]\n');
  expect(rows).toEqual([
    { line: 2, fields: { a: 'x]}"{' } },
    { line: 4, fields: { a: [1, { b: 2 }] } },
    { line: 6, fields: { a: 3 } },
  ]);
});

test('readJson() finds the rows of an object that holds them in one list', async () => {
  const { rows } = await read(
    '{\n "version": [1],\n "meta": {"k": [{"x": 1}]},\n "data": [\n  {"a": 1},\n  {"a": 2}\n ]\n}',
  );
  expect(rows).toEqual([
    { line: 5, fields: { a: 1 } },
    { line: 6, fields: { a: 2 } },
  ]);
});

test('readJson() prefers "train" among several lists and says what is left out', async () => {
  const { rows, warnings } = await read('{"validation":[{"a":0}],"train":[{"a":1},{"a":2}]}');
  expect(rows.map((row) => row.fields.a)).toEqual([1, 2]);
  expect(warnings[0]!.reason).toContain('"validation"');
});

test('readJson() takes a single object as a row, also one whose list is a conversation', async () => {
  expect((await read('{\n"prompt":"a","completion":"b"}')).rows).toHaveLength(1);
  expect((await read('{"messages":[{"role":"user","content":"a"}]}')).rows[0]!.fields).toHaveProperty('messages');
});

test.each([
  ['[\n{"a":1},\n]', 'at line 3: found a comma before the closing bracket'],
  ['{\n"a":1\n}\n{\n"a":2\n}', 'at line 4: found several JSON values one after another'],
  ['[{"a":1}]\n[{"a":2}]', 'at line 2: found several JSON values one after another'],
  ['[{"a":1}\n{"a":2}]', 'at line 2: found "{" without a comma before it'],
  ['[,{"a":1}]', 'at line 1: found "," without a value before it'],
  ['{\n"a": [1', 'at line 1: the file ends inside an object'],
  ['nonsense', 'at line 1: found "n"'],
])('readJson() says what is wrong with %j', async (content, message) => {
  await expect(read(content)).rejects.toThrow(`Cannot read "x.json" ${message}`);
});

test('readJson() reads what is whole of an array that was cut off, and names the rest', async () => {
  const inside = await read('[{"a":1},\n{"a":2},\n{"a":');
  expect(inside.rows).toHaveLength(2);
  expect(inside.skipped).toEqual([{ file: 'x.json', line: 3, reason: 'cut off: the file ends inside this row' }]);
  const between = await read('[{"a":1},\n{"a":2}\n');
  expect(between.rows).toHaveLength(2);
  expect(between.warnings[0]!.reason).toContain('without the closing bracket');
});

test('readJson() leaves out a row that is nested too deep, without recursion, and keeps its neighbours', async () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const { rows, skipped } = await read(`[{"a":1},\n{"a":${deep}},\n{"a":2}]`);
  expect(rows).toHaveLength(2);
  expect(skipped).toEqual([{ file: 'x.json', line: 2, reason: 'nested more than 200 levels deep' }]);
});

test('readJson() reads any array of values the way JSON.parse does, in chunks of any size', async () => {
  const rows = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom(0, 1, '\t'),
      async (list, chunkBytes, space) => {
        const content = JSON.stringify(list, null, space);
        const read = await readAll(fileOf('x.json', content, chunkBytes));
        expect(read.rows.map((row) => Object.entries(row.fields))).toEqual(
          (JSON.parse(content) as object[]).map((row) => Object.entries(row)),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test('a key called "__proto__" is a field like any other and changes no prototype', async () => {
  const { rows } = await read('{"__proto__":{"polluted":true},"a":1}\n{"__proto__":{"a":2}}', 'x.jsonl');
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  expect(rows[0]!.fields.a).toBe(1);
});

test('a row with thousands of fields is left out', async () => {
  const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`c${index}`, 1])));
  const { skipped } = await read(`{"a":1}\n${wide}`, 'x.jsonl');
  expect(skipped[0]!.reason).toBe('found 1001 fields, need at most 1000');
});
