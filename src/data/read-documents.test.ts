import { expect, test } from 'vitest';
import { fileOf, readAll } from './testing/data-files.ts';

const read = (name: string, content: string, chunkBytes?: number) => readAll(fileOf(name, content, chunkBytes));

test('readDocuments() reads a text file as one document', async () => {
  const { rows, format } = await read('x.txt', '\n\n  First line.\r\nSecond.\n\n');
  expect(format).toBe('text');
  expect(rows).toEqual([{ line: 3, fields: { text: '  First line.\nSecond.' } }]);
});

test.each([1, 5, 13, 1000])('readDocuments() splits at separators with chunks of %i bytes', async (chunkBytes) => {
  const { rows } = await read('x.txt', 'one < two\n<|endoftext|>\n\ntwo\nlines\fthree<|endoftext|>', chunkBytes);
  expect(rows).toEqual([
    { line: 1, fields: { text: 'one < two' } },
    { line: 4, fields: { text: 'two\nlines' } },
    { line: 5, fields: { text: 'three' } },
  ]);
});

test('readDocuments() leaves out the front matter of Markdown only', async () => {
  const page = '---\ntitle: x\n---\n\n# Head\n\n---\nBody\n';
  expect((await read('x.md', page)).rows).toEqual([{ line: 5, fields: { text: '# Head\n\n---\nBody' } }]);
  expect((await read('x.txt', page)).rows[0]!.fields.text).toContain('title: x');
  expect((await read('y.md', '---\nnot closed\n')).rows[0]!.fields.text).toBe('---\nnot closed');
});

test('readDocuments() finds no document in white space', async () => {
  expect((await read('x.txt', ' \n\t\n\u00a0\n')).rows).toEqual([]);
});

test('readDocuments() reads a very long document in parts and says so', async () => {
  const text = 'word '.repeat(1_000_000);
  const { rows, warnings } = await read('x.txt', text);
  expect(rows.length).toBe(2);
  expect(warnings[0]!.reason).toContain('read in parts');
});
