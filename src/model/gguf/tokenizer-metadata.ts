// tokenizer.json and its neighbours → the values "tokenizer.…" of a GGUF header: tokenizer-files.ts backwards. llama.cpp cuts
// text by rules that have names; the name is found by trying them, and what comes out is read back and held against the
// original on every probe before it is written.

import { isObject } from '../model-file.ts';
import { openTokenizer, preTokenize, type TokenizerFiles } from '../tokenizer.ts';
import { PRE_TOKENIZERS } from './pre-tokenizers.ts';
import type { GgufValue } from './read-header.ts';
import { tokenizerFiles } from './tokenizer-files.ts';
import type { GgufMetadata, TypedValue } from './write-gguf.ts';

type Json = Readonly<Record<string, unknown>>;

/** tokenizer.ggml.token_type */
const [NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE] = [1, 2, 3, 4, 5, 6];

/** Where rules of cutting text differ: contractions, digits, capitals, spaces, line ends, marks, other scripts. */
const PROBE = `I'm SURE it's "100,000" or 3.14159e-10; DON'T you'LL we've…\n\n  \t two  spaces\r\nCamelCaseWord snake_case HTTPServer3
½ ² Ⅷ ٣٤ 1234567 12:30 $5.99 a1b22c333 (x+y)*z==w != {"k": [1, 2]}; //comment /* */ <tag attr='v'/> \`\`\`code\`\`\`
Ångström naïve ÉCOLE straße Москва Привет मैं हूँ 你好，世界！ こんにちは 한국어 عربى 🙂👍🏽 a\u0301e\u0308   end.   `;

/** Throws a RangeError that says which part of the tokenizer llama.cpp has no words for. `vocab`: rows of the embedding. */
export function tokenizerMetadata(files: TokenizerFiles, vocab: number): GgufMetadata {
  const bad = (found: string, need: string) =>
    new RangeError(`Cannot write the tokenizer as GGUF: found ${found}, need ${need}`);
  const { tokenizer, config = {} } = files;
  const model = isObject(tokenizer.model) ? tokenizer.model : {};
  if (model.type !== 'BPE' || !isObject(model.vocab))
    throw bad(`a model of type ${JSON.stringify(model.type)}`, '"BPE"');
  const isSentencePiece = model.byte_fallback === true;
  const tokens = tokenList(tokenizer, model.vocab, vocab, isSentencePiece);
  const ids = new Map(tokens.map(({ text }, id) => [text, id]));
  const { bos, eos, ...special } = specialIds(files, ids);
  const opened = openTokenizer(files);
  const addsBos = opened.bos !== undefined;
  const id = (value: number): TypedValue => ({ type: 'u32', value });
  const template = opened.chatTemplate;
  const metadata: Record<string, TypedValue> = {
    'tokenizer.ggml.model': { type: 'text', value: isSentencePiece ? 'llama' : 'gpt2' },
    'tokenizer.ggml.pre': { type: 'text', value: isSentencePiece ? 'default' : preTokenizerName(tokenizer, bad) },
    'tokenizer.ggml.tokens': { type: 'texts', value: tokens.map(({ text }) => text) },
    ...(isSentencePiece
      ? { 'tokenizer.ggml.scores': { type: 'f32s', value: scores(model, ids, bad) } as const }
      : { 'tokenizer.ggml.merges': { type: 'texts', value: mergeTexts(model).map(([a, b]) => `${a} ${b}`) } as const }),
    'tokenizer.ggml.token_type': { type: 'i32s', value: tokens.map(({ type }) => type) },
    ...(bos !== undefined && { 'tokenizer.ggml.bos_token_id': id(opened.bos ?? bos) }),
    ...Object.fromEntries(
      ['eos', 'eot', 'eom'].flatMap((key, i) =>
        eos[i] === undefined ? [] : [[`tokenizer.ggml.${key}_token_id`, id(eos[i])]],
      ),
    ),
    ...Object.fromEntries(
      Object.entries(special).flatMap(([key, value]) =>
        value === undefined ? [] : [[`tokenizer.ggml.${key}_token_id`, id(value)]],
      ),
    ),
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: addsBos },
    ...(isSentencePiece && {
      'tokenizer.ggml.add_space_prefix': { type: 'bool', value: hasSpacePrefix(tokenizer) } as const,
    }),
    ...(template !== undefined && { 'tokenizer.chat_template': { type: 'text', value: template } as const }),
  };
  checkSame(metadata, files, config, bad);
  return metadata;
}

/** Every row of the embedding gets a token; rows that none stands for get a name of their own, as llama.cpp's converter does. */
function tokenList(tokenizer: Json, vocabulary: Json, vocab: number, isSentencePiece: boolean) {
  const tokens = Array.from({ length: vocab }, (_, id) => ({ text: `[PAD${id}]`, type: UNUSED }));
  const unknown = (tokenizer.model as Json).unk_token;
  for (const [text, id] of Object.entries(vocabulary)) {
    const isByte = isSentencePiece && /^<0x[0-9A-F]{2}>$/.test(text);
    tokens[id as number] = { text, type: text === unknown ? UNKNOWN : isByte ? BYTE : NORMAL };
  }
  const added = Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens.filter(isObject) : [];
  for (const { id, content, special } of added) {
    if (tokens[id as number]?.type === UNKNOWN) continue;
    tokens[id as number] = { text: String(content), type: special === true ? CONTROL : USER_DEFINED };
  }
  return tokens.slice(0, vocab);
}

/** Tokens that have parts: merges as pairs, whichever way the file spells them. */
function mergeTexts(model: Json): [string, string][] {
  const merges: unknown[] = Array.isArray(model.merges) ? model.merges : [];
  return merges.map((merge) => {
    if (Array.isArray(merge)) return [String(merge[0]), String(merge[1])];
    const text = String(merge);
    const space = text.indexOf(' ', 1);
    return [text.slice(0, space), text.slice(space + 1)];
  });
}

/**
 * A piece's score is minus the rank of its first merge. SentencePiece looks for the best piece, BPE for the first merge: the
 * same, when all merges into one piece stand together.
 */
function scores(
  model: Json,
  ids: ReadonlyMap<string, number>,
  bad: (found: string, need: string) => RangeError,
): Float32Array {
  const out = new Float32Array(ids.size);
  const ranks = new Map<string, number>();
  let before: string | undefined;
  for (const [a, b] of mergeTexts(model)) {
    const piece = a + b;
    if (piece !== before && ranks.has(piece))
      throw bad(`merges into ${JSON.stringify(piece)} in several places`, 'a tokenizer made by SentencePiece');
    if (!ranks.has(piece)) ranks.set(piece, ranks.size);
    before = piece;
  }
  for (const [piece, rank] of ranks) out[ids.get(piece)!] = -rank;
  return out;
}

function hasSpacePrefix(tokenizer: Json): boolean {
  const text = JSON.stringify([tokenizer.normalizer ?? null, tokenizer.pre_tokenizer ?? null]);
  return /"Prepend"/.test(text) || /"prepend_scheme":"(first|always)"/.test(text);
}

function specialIds(files: TokenizerFiles, ids: ReadonlyMap<string, number>) {
  const named = { ...files.specialTokens, ...files.config } as Json;
  const idOf = (key: string) => {
    const token = named[key];
    const text = isObject(token) ? token.content : token;
    return typeof text === 'string' ? ids.get(text) : undefined;
  };
  const eosToken = idOf('eos_token');
  const eos = [...new Set([...(files.eos ?? []), ...(eosToken === undefined ? [] : [eosToken])])];
  return { bos: idOf('bos_token'), eos, unknown: idOf('unk_token'), padding: idOf('pad_token') };
}

/** The name under which llama.cpp knows this way of cutting text. */
function preTokenizerName(tokenizer: Json, bad: (found: string, need: string) => RangeError): string {
  const ignoresMerges = (tokenizer.model as Json).ignore_merges === true;
  const wanted = preTokenize(tokenizer, PROBE).join('\n');
  for (const [name, { splits, ignoreMerges = false }] of Object.entries(PRE_TOKENIZERS)) {
    if (ignoreMerges !== ignoresMerges) continue;
    const pretokenizers = [
      ...splits.map((Regex) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false })),
      { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
    ];
    if (preTokenize({ pre_tokenizer: { type: 'Sequence', pretokenizers } }, PROBE).join('\n') === wanted) return name;
  }
  throw bad('a way of cutting text into words that llama.cpp has no name for', 'one of its own');
}

/** Reads the values back as any reader of the file would, and compares ids on the probe. */
function checkSame(
  metadata: GgufMetadata,
  files: TokenizerFiles,
  config: Json,
  bad: (found: string, need: string) => RangeError,
): void {
  const values = new Map(
    Object.entries(metadata).map(([key, { value }]): [string, GgufValue] => [
      key,
      (key.endsWith('scores')
        ? Float32Array.from(value as ArrayLike<number>)
        : key.endsWith('token_type')
          ? Int32Array.from(value as ArrayLike<number>)
          : value) as GgufValue,
    ]),
  );
  const file = { name: 'model.gguf', size: 0, read: () => Promise.reject(new Error('not read')) };
  const [back, original] = [openTokenizer(tokenizerFiles(file, values)), openTokenizer({ ...files, config })];
  for (const line of [PROBE, ...PROBE.split('\n'), ...PROBE.split(' ')]) {
    const [found, need] = [back, original].map((t) => t.encode(line, { special: false }).join());
    if (found !== need)
      throw bad(`other tokens for ${JSON.stringify(line.slice(0, 40))}`, 'the same after reading it back');
  }
}
