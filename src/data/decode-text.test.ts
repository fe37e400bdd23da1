import { expect, test } from 'vitest';
import { decodeText } from './decode-text.ts';
import { detectEncoding } from './detect-encoding.ts';
import { createReadContext } from './read-context.ts';
import { collect, fileOf } from './testing/data-files.ts';

async function decode(content: string | Uint8Array, chunkBytes?: number) {
  const file = fileOf('x.txt', content, chunkBytes);
  const context = createReadContext(file.size);
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const text = (await collect(decodeText(file, detectEncoding('x.txt', bytes), context))).join('');
  return { text, warnings: context.notices.warnings };
}

const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

function utf16(text: string, isBig: boolean, mark: boolean): Uint8Array {
  const bytes = [...(mark ? '\ufeff' : ''), ...text]
    .join('')
    .split('')
    .flatMap((char) => {
      const pair = [char.charCodeAt(0) & 255, char.charCodeAt(0) >> 8];
      return isBig ? pair.reverse() : pair;
    });
  return Uint8Array.from(bytes);
}

test.each([1, 2, 3, 5, 64])(
  'decodeText() folds LF, CRLF and CR into LF with chunks of %i bytes',
  async (chunkBytes) => {
    const { text } = await decode('a\nb\r\nc\rd\r\r\ne\r\n', chunkBytes);
    expect(text).toBe('a\nb\nc\nd\n\ne\n');
  },
);

test.each([1, 2, 3, 4, 7])('decodeText() keeps characters whole with chunks of %i bytes', async (chunkBytes) => {
  const { text, warnings } = await decode('é€😀\nsecond — line', chunkBytes);
  expect(text).toBe('é€😀\nsecond — line');
  expect(warnings).toEqual([]);
});

test('decodeText() takes off the byte order mark of UTF-8 and UTF-16', async () => {
  expect((await decode('\ufeffabc')).text).toBe('abc');
  expect((await decode(utf16('abc é', false, true))).text).toBe('abc é');
  expect((await decode(utf16('abc é', true, true))).text).toBe('abc é');
});

test('decodeText() knows UTF-16 without a mark by its zero bytes, and says so', async () => {
  const little = await decode(utf16('Once upon a time', false, false), 3);
  expect(little.text).toBe('Once upon a time');
  expect(little.warnings[0]!.reason).toContain('UTF-16LE');
  expect((await decode(utf16('Once upon a time', true, false), 3)).text).toBe('Once upon a time');
});

test('decodeText() reads a line that is not UTF-8 as Windows-1252 and names it, others stay as they are', async () => {
  const bytes = new Uint8Array([
    ...new TextEncoder().encode('é\r\n'),
    ...latin1('Caf\xe9 \x80 \x93x\x94\r\n'),
    ...latin1('plain'),
  ]);
  for (const chunkBytes of [1, 4, 5, 64]) {
    const { text, warnings } = await decode(bytes, chunkBytes);
    expect(text).toBe('é\nCafé € “x”\nplain');
    expect(warnings).toEqual([
      { file: 'x.txt', line: 2, reason: 'byte 0xE9 is not UTF-8, so the line is read as Windows-1252' },
    ]);
  }
});

test('decodeText() decodes a line longer than a block in pieces without breaking a character', async () => {
  const long = '€'.repeat(3 * 1024 * 1024);
  const { text, warnings } = await decode(`${long}\nend`, 100_003);
  expect(text === `${long}\nend`).toBe(true);
  expect(warnings).toEqual([]);
});

test.each([
  ['\x89PNG\r\n\x1a\n', 'a PNG image'],
  ['PAREabc', 'an encrypted Parquet file'],
  ['PK\x03\x04', 'a ZIP archive or an Office document'],
  ['%PDF-1.7', 'a PDF document'],
  ['\x00\x00\x00\x00\x00\x00', 'binary data, not text'],
  ['\x01\x02\x03ab\x04\x05', 'binary data, not text'],
])('detectEncoding() says what %j is', (bytes, found) => {
  expect(() => detectEncoding('x.jsonl', latin1(bytes))).toThrow(`Cannot read "x.jsonl": found ${found}`);
});

test('detectEncoding() lets a few stray NUL bytes pass: their lines are named later', () => {
  expect(detectEncoding('x', latin1(`${'a'.repeat(100)}\x00\x00`)).label).toBe('utf-8');
});

test('detectEncoding() says that an empty file is empty', () => {
  expect(() => detectEncoding('x.txt', new Uint8Array())).toThrow('Cannot read "x.txt": the file is empty');
});
