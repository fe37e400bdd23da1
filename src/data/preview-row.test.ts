import { expect, test } from 'vitest';
import { previewRow, REST } from './preview-row.ts';
import { renderTokenRows } from './render-token-rows.ts';
import { createFakeTokenizer } from './testing/fake-tokenizer.ts';

test('previewRow() shows each token of what is trained on, with whether it is learned', () => {
  const tokenizer = createFakeTokenizer({ template: 'chatml' });
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'b' },
  ] as const;
  const options = { maxTokens: 100, longRows: 'truncate', completionOnly: true } as const;
  const [row] = [...renderTokenRows({ file: 'x', line: 1, kind: 'chat', messages }, tokenizer, options)];
  const preview = previewRow(row!, (ids) => tokenizer.decode(ids));
  expect(preview.map((token) => token.text).join('')).toBe(tokenizer.decode(row!.ids));
  expect(preview.filter((token) => token.supervised).map((token) => token.text)).toEqual(['b', '<|im_end|>']);
  expect(preview.map((token) => token.id)).toEqual([...row!.ids]);
});

/** A token is a byte of UTF-8. */
const ofBytes = (bytes: Iterable<number>) => {
  const ids = Int32Array.from(bytes);
  const row = { file: 'x', line: 1, ids, mask: new Uint8Array(ids.length) };
  return previewRow(row, (part) => new TextDecoder().decode(Uint8Array.from(part))).map(({ text }) => text);
};

test('previewRow() shows a character that several tokens share whole, on the first of them', () => {
  expect(ofBytes(new TextEncoder().encode('a’🦜é.'))).toEqual([
    'a',
    '’',
    REST,
    REST,
    '🦜',
    REST,
    REST,
    REST,
    'é',
    REST,
    '.',
  ]);
});

test('previewRow() leaves as it is what is broken in the data, or cut off at the end', () => {
  expect(ofBytes([0xff, 0x61, 0xe2, 0x80])).toEqual(['\uFFFD', 'a', '\uFFFD', '\uFFFD']);
});
