import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import fc from '../../testing/fast-check.ts';
import { fixturePath } from '../testing/shared.ts';
import { tinyGguf } from '../testing/tiny-gguf.ts';
import { openTokenizer } from '../tokenizer.ts';
import { PRE_TOKENIZERS } from './pre-tokenizers.ts';
import { type GgufValue, readGgufHeader } from './read-header.ts';
import { tokenizerFiles } from './tokenizer-files.ts';

const file = tinyGguf();
const { metadata } = await readGgufHeader(file);
const open = (change: Record<string, GgufValue | undefined> = {}, from: ReadonlyMap<string, GgufValue> = metadata) => {
  const changed = new Map(from);
  for (const [key, value] of Object.entries(change))
    if (value === undefined) changed.delete(`tokenizer.${key}`);
    else changed.set(`tokenizer.${key}`, value);
  return openTokenizer(tokenizerFiles(file, changed));
};

describe('byte-level tokenizers', () => {
  it.each(Object.keys(PRE_TOKENIZERS))('%s: cuts text into parts that make it up again', (pre) => {
    const tokenizer = open({ 'ggml.pre': pre });
    const text = "Hello  we'LL 12345½ naïve 日本語!?\n\n  x_y\t\r\nDON'T $5.00 `a`";
    expect(tokenizer.decode(tokenizer.encode(text, { special: false }))).toBe(text);
  });

  it('cut where the model was trained to', () => {
    // Merges over all of these borders; what stays apart was cut.
    const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
    const extra = ['12', '123', '!?', ' a'.replace(' ', 'Ġ')];
    const merges = ['1 2', '12 3', '! ?', 'Ġ a'];
    const cut = (pre: string, text: string) => {
      const all = [...new Set([...tokens, ...extra])];
      const tokenizer = open({
        'ggml.tokens': all,
        'ggml.token_type': new Int32Array(all.length).fill(1),
        'ggml.merges': merges,
        'ggml.pre': pre,
      });
      return tokenizer.encode(text, { special: true }).map((id) => all[id]);
    };
    expect(cut('gpt-2', '123')).toEqual(['123']);
    expect(cut('llama-bpe', '123')).toEqual(['123']);
    expect(cut('qwen2', '123')).toEqual(['1', '2', '3']);
    expect(cut('smollm', '123')).toEqual(['1', '2', '3']);
    expect(cut('smollm', 'a !?')).toEqual(['a', 'Ġ', '!?']);
  });

  it('put bos first when the file says so, or its kind does', () => {
    const bos = { 'ggml.bos_token_id': 1 };
    expect(open(bos).bos).toBeUndefined();
    expect(open({ ...bos, 'ggml.add_bos_token': true }).bos).toBe(1);
    expect(open({ ...bos, 'ggml.pre': 'llama-bpe' }).bos).toBe(1);
    expect(open({ ...bos, 'ggml.pre': 'llama-bpe', 'ggml.add_bos_token': false }).bos).toBeUndefined();
    expect(open(bos).encode('a', { special: true })).toHaveLength(1);
  });

  it('take user-defined tokens as they are, in plain text too', () => {
    const types = Int32Array.from(metadata.get('tokenizer.ggml.token_type') as Int32Array);
    types[0] = 4;
    const tokenizer = open({ 'ggml.token_type': types });
    expect(tokenizer.encode('<|endoftext|>', { special: false })).toEqual([0]);
    expect(tokenizer.specialTokens).toEqual(['<|im_start|>', '<|im_end|>']);
  });

  const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
  it.each<[string, Record<string, GgufValue | undefined>, string]>([
    ['an unknown kind', { 'ggml.model': 'rwkv' }, 'tokenizer.ggml.model "rwkv", need "gpt2" or "llama"'],
    ['an unknown cut', { 'ggml.pre': 'magic' }, 'tokenizer.ggml.pre "magic", need a way of cutting text'],
    ['a cut named like a built-in', { 'ggml.pre': 'toString' }, 'tokenizer.ggml.pre "toString"'],
    ['no tokens', { 'ggml.tokens': undefined }, 'no list of texts in tokenizer.ggml.tokens'],
    ['tokens that are numbers', { 'ggml.tokens': Int32Array.of(1, 2) }, 'no list of texts in tokenizer.ggml.tokens'],
    ['no merges', { 'ggml.merges': undefined }, 'no list of texts in tokenizer.ggml.merges'],
    ['a merge of what is no token', { 'ggml.merges': ['Ġ zz'] }, 'the merge "Ġ zz", need merges of two of its tokens'],
    ['a merge that is none', { 'ggml.merges': ['Ġt'] }, 'the merge "Ġt"'],
    ['a token twice', { 'ggml.tokens': [...tokens.slice(0, -1), tokens[5]!] }, 'with the ids 5 and'],
    ['types for other tokens', { 'ggml.token_type': new Int32Array(3) }, '3 entries in tokenizer.ggml.token_type'],
    ['types that are texts', { 'ggml.token_type': ['1'] }, 'token_type that is no list of numbers'],
    [
      'a bos that is no token',
      { 'ggml.bos_token_id': 9999 },
      `bos_token_id 9999, need an id below its ${tokens.length}`,
    ],
    ['pieces without scores', { 'ggml.model': 'llama' }, 'no tokenizer.ggml.scores'],
  ])('refuse %s', (_, change, message) => {
    expect(() => open(change)).toThrow(SyntaxError);
    expect(() => open(change)).toThrow(message);
  });
});

// Made by tools/make-gguf-sentencepiece.py.
interface Vocabulary {
  tokens: string[];
  scores: number[];
  types: number[];
  bos: number;
  eos: number;
  unknown: number;
}
const [first, ...rest] = readFileSync(fixturePath('gguf-sentencepiece.jsonl'), 'utf8').trim().split('\n');
const fixture = JSON.parse(first!) as Vocabulary;
const cases = rest.map((line) => JSON.parse(line) as { text: string; ids: number[] });
const pieces = new Map<string, GgufValue>([
  ['tokenizer.ggml.model', 'llama'],
  ['tokenizer.ggml.tokens', fixture.tokens],
  ['tokenizer.ggml.scores', Float32Array.from(fixture.scores)],
  ['tokenizer.ggml.token_type', Int32Array.from(fixture.types)],
  ['tokenizer.ggml.bos_token_id', fixture.bos],
  ['tokenizer.ggml.eos_token_id', fixture.eos],
  ['tokenizer.ggml.unknown_token_id', fixture.unknown],
]);

describe('SentencePiece tokenizers', () => {
  const tokenizer = open({}, pieces);

  it.each(cases)('give the ids of SentencePiece: $text', ({ text, ids }) => {
    expect(tokenizer.encode(text, { special: false })).toEqual(ids);
  });

  it('bring any text back, bytes without a piece too', () => {
    for (const { text, ids } of cases) expect(tokenizer.decode(ids)).toBe(text.replaceAll('▁', ' '));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text, { special: false }))).toBe(text.replaceAll('▁', ' '));
      }),
      { numRuns: 200 },
    );
  });

  it('know their markers, and put bos first', () => {
    expect(tokenizer).toMatchObject({ bos: fixture.bos, endOfTurn: [fixture.eos], vocabSize: 700 });
    expect(tokenizer.specialTokens).toEqual(['<unk>', '<s>', '</s>', '<|user|>']);
    expect(tokenizer.encode('</s>', { special: true })).toEqual([fixture.eos]);
    expect(tokenizer.encode('</s>', { special: false })).not.toContain(fixture.eos);
    expect(tokenizer.encode('<note>', { special: false })).toEqual([fixture.tokens.indexOf('<note>')]);
  });

  it('leave out the leading space when the file says so', () => {
    const bare = open({ 'ggml.add_space_prefix': false }, pieces);
    expect(bare.encode('hello', { special: false })).not.toEqual(tokenizer.encode('hello', { special: false }));
    expect(bare.decode(bare.encode(' hello', { special: false }))).toBe(' hello');
  });
});
