// Against transformers (tools/fixtures/make-vocab-merges.py).

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fixturePath } from './testing/shared.ts';
import { openTokenizer } from './tokenizer.ts';
import { tokenizerFromVocab, type VocabAndMerges } from './vocab-and-merges.ts';

interface Case extends VocabAndMerges {
  readonly name: string;
  readonly texts: readonly { text: string; ids: number[]; whole: number[]; decoded: string }[];
}

const cases = JSON.parse(readFileSync(fixturePath('vocab-merges.json'), 'utf8')) as Case[];
const open = (files: VocabAndMerges) => openTokenizer({ tokenizer: tokenizerFromVocab(files), config: files.config });

describe.each(cases)('the vocabulary of $name', (files) => {
  const tokenizer = open(files);

  it.each(files.texts)('gives the ids of transformers: $text', ({ text, ids, whole, decoded }) => {
    expect(tokenizer.encode(text, { special: true })).toEqual(ids);
    expect(tokenizer.bos === undefined ? ids : [tokenizer.bos, ...ids]).toEqual(whole);
    expect(tokenizer.decode(ids, { special: true })).toBe(decoded);
  });
});

it('without its merges the ids are others (control)', () => {
  const [first] = cases;
  const { text, ids } = first!.texts[0]!;
  expect(open({ ...first!, merges: '#version: 0.2\n' }).encode(text, { special: true })).not.toEqual(ids);
});

it('names the line of a merge that is no pair of tokens', () => {
  const files = { ...cases[0]!, merges: '#version: 0.2\nh e\nh\n' };
  expect(() => tokenizerFromVocab(files)).toThrow('Cannot open "merges.txt": found "h" in line 3, need two tokens');
  expect(() => tokenizerFromVocab({ ...files, merges: 'h nowhere' })).toThrow('in line 1');
});
