import { describe, expect, it } from 'vitest';
import type { ChatTokenizer } from '../data/types.ts';
import fc from '../testing/fast-check.ts';
import { describeWithShared, sharedJson } from './testing/shared.ts';
import { TINY_TOKENIZER_CONFIG, tinyTokenizerJson } from './testing/tiny-model.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

const tiny = (change: Record<string, unknown> = {}, config: Record<string, unknown> = TINY_TOKENIZER_CONFIG) =>
  openTokenizer({ tokenizer: { ...tinyTokenizerJson(), ...change }, config, eos: [2] });
const user = (content: string) => [{ role: 'user', content }];
const stream = (tokenizer: Tokenizer, ids: readonly number[]) => {
  const decoder = tokenizer.decodeStream();
  return [...ids.map((id) => decoder.push(id)), decoder.end()];
};

/** Any text, with parts that tokenizers stumble over. */
const texts = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '<|im_end|>',
        '<|im_start|>',
        ' the',
        '\n\n',
        '  ',
        '\r\n',
        '\t',
        'é',
        '😀',
        '👩‍👩‍👧',
        '\u200d',
        '12345',
        "don't",
      ),
    ),
  )
  .map((parts) => parts.join(''));

describe('encode() and decode()', () => {
  it('use the merges', () => {
    const { encode } = tiny();
    const vocab = (tinyTokenizerJson().model as { vocab: Record<string, number> }).vocab;
    expect(encode(' the', { special: false })).toEqual([vocab.Ġthe]);
    expect(encode('', { special: true })).toEqual([]);
  });

  it('read special tokens only when asked to', () => {
    const { encode, decode } = tiny();
    const text = 'a<|im_end|>b';
    expect(encode(text, { special: true })).toHaveLength(3);
    expect(encode(text, { special: true })[1]).toBe(2);
    const plain = encode(text, { special: false });
    expect(plain).not.toContain(2);
    expect(decode(plain)).toBe(text);
    expect(decode(encode(text, { special: true }))).toBe('ab');
    expect(decode(encode(text, { special: true }), { special: true })).toBe(text);
  });

  it('keep added tokens that are not special in both readings', () => {
    const json = tinyTokenizerJson();
    const added = [...(json.added_tokens as object[]), { id: 290, content: '<think>', special: false }];
    const { encode, specialTokens } = tiny({ added_tokens: added });
    expect(encode('<think>', { special: false })).toEqual([290]);
    expect(specialTokens).toEqual(['<|endoftext|>', '<|im_start|>', '<|im_end|>']);
  });

  it('bring any text back, and never make a special token of plain text', () => {
    const tokenizer = tiny();
    fc.assert(
      fc.property(texts, (text) => {
        const ids = tokenizer.encode(text, { special: false });
        expect(tokenizer.decode(ids)).toBe(text.toWellFormed());
        expect(ids.every((id) => id > 2)).toBe(true);
        expect(tokenizer.decode(tokenizer.encode(text, { special: true }), { special: true })).toBe(
          text.toWellFormed(),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('cut markers apart where the vocabulary itself has them (unigram)', () => {
    const vocab = [
      ['<unk>', 0],
      ['</s>', -1],
      ['<', -9],
      ['/', -9],
      ['s', -9],
      ['>', -9],
      ['a', -5],
      ['/s>', -8],
    ];
    const tokenizer = openTokenizer({
      tokenizer: {
        added_tokens: [
          { id: 1, content: '</s>', special: true },
          { id: 0, content: '<unk>', special: true },
        ],
        pre_tokenizer: null,
        model: { type: 'Unigram', unk_id: 0, vocab },
      },
      config: { unk_token: '<unk>', eos_token: '</s>' },
    });
    expect(tokenizer.encode('a</s>a', { special: true })).toEqual([6, 1, 6]);
    expect(tokenizer.encode('a</s>a', { special: false })).toEqual([6, 2, 7, 6]);
    expect(tokenizer.encode('ab', { special: false })).toEqual([6, 0]);
    expect(tokenizer.endOfTurn).toEqual([1]);
  });

  it('split off every numeric character, not only decimal digits', () => {
    const json = tinyTokenizerJson();
    const model = json.model as { vocab: Record<string, number>; merges: string[] };
    // " ½" is the bytes Ġ Â ½: with the digit split off first, Ġ and Â can never merge.
    const half = { ...model, vocab: { ...model.vocab, ĠÂ: 270 }, merges: [...model.merges, 'Ġ Â'] };
    const byteLevel = json.pre_tokenizer;
    const digits = { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] };
    const idsOf = (pre_tokenizer: unknown) => tiny({ model: half, pre_tokenizer }).encode(' ½', { special: false });
    expect(idsOf(byteLevel)).toContain(270);
    expect(idsOf(digits)).not.toContain(270);
  });

  it('leave out ids that have no token', () => {
    expect(tiny().decode([99_999, -1])).toBe('');
    expect(tiny().decode(new Uint32Array([3, 5000, 3]))).toHaveLength(2);
  });
});

describe('decodeStream()', () => {
  it('holds bytes back until a character is whole', () => {
    const tokenizer = tiny();
    const ids = tokenizer.encode('é😀!', { special: false });
    expect(stream(tokenizer, ids)).toEqual(['', 'é', '', '', '', '😀', '!', '']);
  });

  it('tells a replacement character of the text from half a character', () => {
    const tokenizer = tiny();
    for (const text of ['\ufffd\u0080', '\ufffd\ufffd!', '\ufffd😀', 'a\ufffd'])
      expect(stream(tokenizer, tokenizer.encode(text, { special: false })).join('')).toBe(text);
  });

  it('says the same as decode() in all, and never half a character in between', () => {
    const tokenizer = tiny();
    fc.assert(
      fc.property(texts, (text) => {
        const ids = tokenizer.encode(text, { special: true });
        const parts = stream(tokenizer, ids);
        expect(parts.join('')).toBe(tokenizer.decode(ids));
        if (!text.toWellFormed().includes('\ufffd')) expect(parts.join('|')).not.toContain('\ufffd');
      }),
      { numRuns: 300 },
    );
  });

  it('gives up on bytes that are no UTF-8 and goes on', () => {
    const tokenizer = tiny();
    const [, second] = tokenizer.encode('é', { special: false });
    const a = tokenizer.encode('a', { special: false })[0]!;
    const parts = stream(tokenizer, [second!, second!, second!, second!, a]);
    expect(parts.join('')).toBe('\ufffd\ufffd\ufffd\ufffda');
    // The last of four may begin a character, so it is shown with what follows; nothing is held back longer than that.
    expect(parts.slice(-3, -1)).toEqual(['\ufffd\ufffd\ufffd', '\ufffda']);
    expect(stream(tokenizer, [tokenizer.encode('😀', { special: false })[0]!])).toEqual(['', '\ufffd']);
  });
});

describe('renderChat()', () => {
  it('is what src/data asks for', () => {
    const tokenizer: ChatTokenizer = tiny();
    expect(tokenizer.renderChat([{ role: 'tool', content: '' }], { generationPrompt: false })).toContain('tool');
  });

  it('renders turns, with and without the opening of an answer', () => {
    const { renderChat, hasChatTemplate } = tiny();
    expect(hasChatTemplate).toBe(true);
    expect(renderChat(user('hi'), { generationPrompt: false })).toBe('<|im_start|>user\nhi<|im_end|>\n');
    expect(renderChat(user('hi'), { generationPrompt: true })).toBe(
      '<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  it('knows the special tokens by name, as text or as objects, from either file', () => {
    const config = {
      chat_template: '{{ bos_token }}{{ eos_token }}{{ pad_token }}',
      eos_token: { content: '<e>' },
      bos_token: '<b>',
    };
    const tokenizer = openTokenizer({
      tokenizer: tinyTokenizerJson(),
      config,
      specialTokens: { pad_token: '<p>', bos_token: 'old' },
    });
    expect(tokenizer.renderChat([], { generationPrompt: false })).toBe('<b><e><p>');
  });

  it('takes "default" of several templates', () => {
    const chat_template = [
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: 'chat' },
    ];
    expect(tiny({}, { chat_template }).renderChat([], { generationPrompt: true })).toBe('chat');
    expect(() => tiny({}, { chat_template: 7 })).toThrow('found a chat_template that is neither text nor a list');
  });

  it('gives the template the date in English', () => {
    const template = "{% if strftime_now is defined %}{{ strftime_now('%B') }}{% endif %}";
    const month = new Date().toLocaleString('en-US', { month: 'long' });
    expect(tiny({}, { chat_template: template }).renderChat([], { generationPrompt: true })).toBe(month);
  });

  it('passes on what the template says when it refuses', () => {
    const template =
      "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}";
    const render = () =>
      tiny({}, { chat_template: template }).renderChat([{ role: 'system', content: '' }], { generationPrompt: false });
    expect(render).toThrow('Cannot render the conversation: found "System role not supported" from the chat template');
  });

  it('names a template that it cannot read, and a missing one', () => {
    expect(() => tiny({}, { chat_template: '{% if %}' }).renderChat([], { generationPrompt: false })).toThrow(
      'Cannot read the chat template: found',
    );
    const none = tiny({}, {});
    expect(none.hasChatTemplate).toBe(false);
    expect(() => none.renderChat([], { generationPrompt: false })).toThrow('found no chat template');
  });
});

describe('openTokenizer()', () => {
  it('collects end-of-turn ids: the given ones first, then eos_token', () => {
    const open = (eos: number[], eos_token?: unknown) =>
      openTokenizer({ tokenizer: tinyTokenizerJson(), config: { eos_token }, eos }).endOfTurn;
    expect(open([0, 1], '<|im_end|>')).toEqual([0, 1, 2]);
    expect(open([2, 0], { content: '<|im_end|>' })).toEqual([2, 0]);
    expect(open([], '<|unknown|>')).toEqual([]);
  });

  it('finds the token that the tokenizer itself puts first', () => {
    const single = [{ SpecialToken: { id: '<|im_start|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }];
    const post_processor = { type: 'TemplateProcessing', single, pair: [], special_tokens: {} };
    expect(tiny({ post_processor }).bos).toBe(1);
    expect(tiny({ post_processor }).encode('a', { special: true })).toHaveLength(1);
    expect(tiny({}, { bos_token: '<|im_start|>' }).bos).toBeUndefined();
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no model', { model: undefined }, 'found no model'],
    [
      'an unknown part',
      { pre_tokenizer: { type: 'Magic' } },
      'found something unknown (Unknown PreTokenizer type: Magic)',
    ],
    [
      'huge ids',
      { model: { type: 'BPE', vocab: { a: 4e9 }, merges: [] } },
      'found token id 4000000000, need whole numbers below',
    ],
    ['ids that are no numbers', { added_tokens: [{ content: 'x' }] }, 'found token id undefined'],
    ['merges that are missing', { model: { type: 'BPE', vocab: { a: 0 } } }, 'need a Hugging Face tokenizer'],
  ])('refuses %s', (_, change, message) => {
    expect(() => tiny(change)).toThrow(SyntaxError);
    expect(() => tiny(change)).toThrow(message);
  });
});

describeWithShared('the candidate model’s tokenizer', 'models/candidate/tokenizer.json', () => {
  const open = () =>
    openTokenizer({
      tokenizer: sharedJson('models/candidate/tokenizer.json'),
      config: sharedJson('models/candidate/tokenizer_config.json'),
      eos: [2],
    });
  it('brings any text back', () => {
    const tokenizer = open();
    expect(tokenizer).toMatchObject({ vocabSize: 4096, endOfTurn: [2], bos: undefined, hasChatTemplate: true });
    fc.assert(
      fc.property(texts, (text) => {
        const ids = tokenizer.encode(text, { special: false });
        expect(tokenizer.decode(ids)).toBe(text.toWellFormed());
        expect(stream(tokenizer, ids).join('')).toBe(text.toWellFormed());
        expect(ids.every((id) => id > 2)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
