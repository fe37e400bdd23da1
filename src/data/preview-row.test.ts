import { expect, test } from 'vitest';
import { previewRow } from './preview-row.ts';
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
  const preview = previewRow(row!, (id) => tokenizer.decode([id]));
  expect(preview.map((token) => token.text).join('')).toBe(tokenizer.decode(row!.ids));
  expect(preview.filter((token) => token.supervised).map((token) => token.text)).toEqual(['b', '<|im_end|>']);
  expect(preview.map((token) => token.id)).toEqual([...row!.ids]);
});
