import Papa from 'papaparse';
import { expect, test } from 'vitest';
import fc from '../testing/fast-check.ts';
import { hasHeader } from './has-header.ts';
import { parseRecords } from './parse-records.ts';
import { collect, fileOf, readAll } from './testing/data-files.ts';

const read = (content: string, name = 'x.csv', chunkBytes?: number) => readAll(fileOf(name, content, chunkBytes));

test('readTable() gives each row the line where it begins, also after a field over several lines', async () => {
  const { rows } = await read('prompt,completion\r\n"a\r\nb",x\r\n\r\nc,"y, ""z"""\r\n');
  expect(rows).toEqual([
    { line: 2, fields: { prompt: 'a\nb', completion: 'x' } },
    { line: 5, fields: { prompt: 'c', completion: 'y, "z"' } },
  ]);
});

test('readTable() names ragged and empty rows; trailing delimiters are harmless', async () => {
  const { rows, skipped } = await read('prompt,completion\na,b\na,b,c\na\n,\na,b,,\n');
  expect(rows.map((row) => row.line)).toEqual([2, 6]);
  expect(skipped.map(({ line, reason }) => [line, reason])).toEqual([
    [3, 'found 3 fields, need 2'],
    [4, 'found 1 field, need 2'],
    [5, 'the row is empty'],
  ]);
});

test('readTable() names the line where a quote opens that never closes', async () => {
  await expect(read('a,b\nx,y\nx,"y\nz,w\n')).rejects.toThrow(
    'Cannot read "x.csv" at line 3: found a quote that opens here',
  );
  await expect(read('a,b\n"x\ny","z\nz,w\n')).rejects.toThrow('at line 3');
});

test('readTable() leaves out a row whose quoted field goes on after its quote', async () => {
  const { rows, skipped } = await read('prompt,completion\n"a" b","x"\nc,d\n');
  expect(skipped).toEqual([{ file: 'x.csv', line: 2, reason: 'a quoted field goes on after its closing quote' }]);
  expect(rows).toHaveLength(1);
});

test('readTable() reads quotes in a TSV as they are when quoting does not parse', async () => {
  const { rows } = await read('ham\t"Hi" there\nspam\t"open\nham\tx\nham\ty\n', 'x.tsv');
  expect(rows.map((row) => row.fields['column 2'])).toEqual(['"Hi" there', '"open', 'x', 'y']);
});

test('readTable() does not let two stray quotes in a TSV swallow the rows between them', async () => {
  const { rows } = await read('ham\t"one\nham\ttwo\nham\tthree"\nham\tfour\n', 'x.tsv');
  expect(rows).toHaveLength(4);
});

test('readTable() believes the quotes of a TSV that Excel wrote', async () => {
  const { rows } = await read('prompt\tcompletion\n"two\nlines"\t"a ""b"""\n"c"\td\n', 'x.tsv');
  expect(rows.map((row) => row.fields)).toEqual([
    { prompt: 'two\nlines', completion: 'a "b"' },
    { prompt: 'c', completion: 'd' },
  ]);
});

test('readTable() tells nameless and repeated columns apart, and drops those that are empty', async () => {
  const { rows } = await read('text,text,,\na,b,,\n');
  expect(rows[0]!.fields).toEqual({ text: 'a', 'text (column 2)': 'b' });
});

test('readTable() refuses a table of thousands of columns in one sentence', async () => {
  const wide = Array.from({ length: 50_000 }, (_, index) => `c${index}`).join(',');
  await expect(read(`${wide}\n`)).rejects.toThrow(
    'Cannot read "x.csv" at line 1: found 50000 columns, need at most 1000',
  );
});

test.each([
  [
    'known names',
    [
      ['text', 'category'],
      ['a b', 'x'],
    ],
    true,
  ],
  [
    'unknown names over prose',
    [
      ['v1', 'v2'],
      ['ham', 'a b c'],
      ['ham', 'd e'],
    ],
    true,
  ],
  [
    'words above numbers',
    [
      ['season', 'who'],
      ['1', 'a'],
      ['2', 'who'],
      ['3', 'who'],
      ['4', 'who'],
    ],
    true,
  ],
  [
    'a first value that comes again',
    [
      ['ham', 'a'],
      ['ham', 'b'],
      ['ham', 'c'],
    ],
    false,
  ],
  [
    'a sentence in the first row',
    [
      ['Is it so?', 'yes'],
      ['Or not?', 'no'],
    ],
    false,
  ],
  [
    'a number in the first row',
    [
      ['1', 'a'],
      ['x', 'b'],
    ],
    false,
  ],
] as const)('hasHeader() judges %s', (_, records, expected) => {
  expect(hasHeader(records)).toBe(expected);
});

test('parseRecords() cuts fields as papaparse does on the whole text, wherever the blocks end', async () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ') });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1 }), async (table) => {
      const filled = table.map(([a, b]) => [`x${a}`, b]);
      const text = `${Papa.unparse(filled, { newline: '\n' })}\n`;
      const oneByOne = collect(parseRecords('x', fileBlocks(text), { delimiter: ',', hasQuotes: true }));
      const records = (await oneByOne).flat().filter((record) => record.cells.length > 1);
      expect(records.map((record) => record.cells)).toEqual(filled);
      const lines = text.split('\n');
      for (const { line, cells } of records)
        expect(lines[line - 1]!.replace(/^"/, '')).toContain(
          cells[0]!.split('\n')[0]!.replaceAll('"', '""').slice(0, 1),
        );
    }),
    { numRuns: 50 },
  );
});

test('parseRecords() joins records that large blocks cut in two', async () => {
  const row = `"${'a'.repeat(1000)}\nb",c\n`;
  const text = row.repeat(1000);
  const records = (
    await collect(parseRecords('x', fileBlocks(text, 300_000), { delimiter: ',', hasQuotes: true }))
  ).flat();
  expect(records.slice(0, -1).map((record) => record.line)).toEqual(
    Array.from({ length: 1000 }, (_, index) => index * 2 + 1),
  );
  expect(records.slice(0, -1).every((record) => record.cells[0]!.length === 1002)).toBe(true);
});

async function* fileBlocks(text: string, chars = 3) {
  for (let start = 0; start < text.length; start += chars) yield text.slice(start, start + chars);
}
