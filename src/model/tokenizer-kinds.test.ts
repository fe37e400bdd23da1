// Every kind of tokenizer, and every normaliser and pre-tokeniser, against the tokenizers package
// (tools/fixtures/make-tokenizers.py).

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fixturePath } from './testing/shared.ts';
import { openTokenizer } from './tokenizer.ts';

interface Kind {
  readonly name: string;
  readonly tokenizer: Readonly<Record<string, unknown>>;
  /** `whole`: with what the tokenizer itself adds. */
  readonly texts: readonly { text: string; ids: readonly number[]; decoded: string; whole: readonly number[] }[];
}

/** What is known to be read otherwise, and why it is left so. No model of the ten families has such a part. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  // SentencePiece's table of normalisations is applied to characters, not to what one sees as one.
  'Unigram as T5': ['😀 👩‍👩‍👧 🇩🇪', '\u200b\u200d\ufeff', '\ufeffusing x', 'a \ufeff b'],
};

const kinds = readFileSync(fixturePath('tokenizers.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Kind);

describe.each(kinds)('$name', ({ name, tokenizer: json, texts }) => {
  const known = KNOWN[name] ?? [];
  it('gives the ids of every text, and the text of every id', () => {
    const tokenizer = openTokenizer({ tokenizer: json });
    expect(texts.length).toBeGreaterThan(45);
    for (const { text, ids, decoded } of texts) {
      if (!known.includes(text)) expect(tokenizer.encode(text, { special: true }), JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.decode(ids), JSON.stringify(text)).toBe(decoded);
    }
  });

  it('remembers words without changing an id, and forgets them when there are many', () => {
    const [fresh, used] = [openTokenizer({ tokenizer: json }), openTokenizer({ tokenizer: json })];
    const encode = (tokenizer: typeof fresh, special: boolean) =>
      texts.map(({ text }) => tokenizer.encode(text, { special }));
    const first = [encode(fresh, true), encode(fresh, false)];
    for (let at = 0; at < 60_000; at += 1000)
      used.encode(Array.from({ length: 1000 }, (_, i) => (at + i).toString(36)).join(' '), { special: true });
    expect([encode(fresh, true), encode(fresh, false)]).toEqual(first);
    expect([encode(used, true), encode(used, false)]).toEqual(first);
  });

  it('streams the same text, token by token', () => {
    const tokenizer = openTokenizer({ tokenizer: json });
    const byteTokens = JSON.stringify(json.decoder).includes('Byte');
    for (const { ids, decoded } of texts) {
      const stream = tokenizer.decodeStream();
      const pieces = [...ids.map((id) => stream.push(id)), stream.end()];
      expect(pieces.join('')).toBe(decoded);
      // Half a character shows as U+FFFD, which whole text does not have.
      if (byteTokens && !decoded.includes('\ufffd'))
        expect(pieces.some((piece) => piece.includes('\ufffd'))).toBe(false);
    }
  });

  it('knows what the tokenizer puts in front', () => {
    const { bos } = openTokenizer({ tokenizer: json });
    const { ids, whole } = texts.find(({ text }) => text === 'Hello, world!')!;
    expect(bos).toBe(whole.length > ids.length && whole[0] !== ids[0] ? whole[0] : undefined);
  });
});

it('the comparison sees a normaliser that is left out (control)', () => {
  const { tokenizer: json, texts } = kinds.find(({ name }) => name === 'byte-level as Qwen2')!;
  const other = openTokenizer({ tokenizer: { ...json, normalizer: null } });
  const wrong = texts.filter(({ text, ids }) => other.encode(text, { special: true }).join() !== ids.join());
  expect(wrong.map(({ text }) => text)).toContain('cafe\u0301');
});
