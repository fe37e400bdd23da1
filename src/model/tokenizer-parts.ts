// Parts of a tokenizer.json that @huggingface/tokenizers (0.2.0 here) reads otherwise than the original, put in words that it
// reads right. tokenizer-kinds.test.ts holds every kind of part against the original; a rewriting can go when its cases pass
// without it.

import type { Tokenizer } from '@huggingface/tokenizers';
import { isObject } from './model-file.ts';

type Part = Readonly<Record<string, unknown>>;

/** Unicode's, and the signs of ASCII that Unicode counts among symbols. */
const PUNCTUATION = '[\\p{P}\\u0021-\\u002F\\u003A-\\u0040\\u005B-\\u0060\\u007B-\\u007E]';
/** Rust's \w. */
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d';
const REGEX_SIGNS = /[.*+?^${}()|[\]\\]/g;

/** A pre-tokenizer, or null. Throws a SyntaxError for one that cannot be put in such words. */
export function mendPreTokenizer(part: unknown): unknown {
  if (!isObject(part)) return null;
  if (Array.isArray(part.pretokenizers)) return { ...part, pretokenizers: part.pretokenizers.map(mendPreTokenizer) };
  switch (part.type) {
    case 'Digits':
      // The original splits off every numeric character of Unicode (½, ², Ⅷ), the library only decimal digits.
      return split(part.individual_digits ? '\\p{N}' : '\\p{N}+');
    case 'Whitespace':
      // JavaScript's white space has U+FEFF and lacks U+0085; in patterns the library mends that itself, but not \w.
      return { ...split(`[${WORD}]+|[^${WORD}\\s]+`), behavior: 'Removed', invert: true };
    case 'WhitespaceSplit':
      return { ...split('\\s+'), behavior: 'Removed' };
    case 'Split':
      return mendSplit(part);
    case 'Punctuation':
      return mendSplit({ type: 'Split', pattern: { Regex: PUNCTUATION }, behavior: part.behavior ?? 'Isolated' });
    case 'BertPreTokenizer':
      // The library cuts out each character of Chinese as well, which is the normaliser's part.
      return {
        type: 'Sequence',
        pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Punctuation' }].map(mendPreTokenizer),
      };
    case 'Metaspace':
      return mendMetaspace(part);
    default:
      return part;
  }
}

/** The library never cuts before a ▁. */
function mendMetaspace(part: Part): Part {
  const { split = true, replacement = '▁' } = part;
  if (split !== true) return part;
  const cut = mendSplit({ type: 'Split', pattern: { String: replacement }, behavior: 'MergedWithNext' });
  return { type: 'Sequence', pretokenizers: [part, cut] };
}

/** A normalizer, or null. */
export function mendNormalizer(part: unknown): unknown {
  if (!isObject(part)) return null;
  if (Array.isArray(part.normalizers)) return { ...part, normalizers: part.normalizers.map(mendNormalizer) };
  if (part.type !== 'Strip') return part;
  const drop = (pattern: string) => ({ type: 'Replace', pattern: { Regex: pattern }, content: '' });
  const normalizers = [];
  if (part.strip_left !== false) normalizers.push(drop('\\A\\s+'));
  if (part.strip_right !== false) normalizers.push(drop('\\s+\\z'));
  return { type: 'Sequence', normalizers };
}

/** Unigram with bytes for unknown characters: the library writes the unknown token instead. Of WordLevel it forgets that token. */
export function mendModel(made: Tokenizer, model: unknown): void {
  if (isObject(model) && model.type === 'WordLevel' && typeof model.unk_token === 'string')
    Object.assign(made.model!, { unk_token: model.unk_token, unk_token_id: made.token_to_id(model.unk_token) });
  if (!isObject(model) || model.type !== 'Unigram' || model.byte_fallback !== true) return;
  const library = made.model as unknown as {
    encode(tokens: string[]): string[];
    readonly tokens_to_ids: ReadonlyMap<string, number>;
  };
  const encode = library.encode.bind(library);
  const utf8 = new TextEncoder();
  library.encode = (tokens) =>
    encode(tokens).flatMap((token) => {
      if (library.tokens_to_ids.has(token)) return [token];
      const bytes = [...utf8.encode(token)].map((b) => `<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`);
      return bytes.every((byte) => library.tokens_to_ids.has(byte)) ? bytes : [token];
    });
}

/**
 * Bytes that make U+FEFF are a character like any other: the library's decoder takes one at the beginning for a mark. Within a
 * sequence it does not know added tokens, and reads their letters as bytes.
 */
export function mendDecoder(made: Tokenizer): void {
  const top = made.decoder as unknown as { readonly decoders?: readonly object[] } | null;
  for (const part of [top, ...(top?.decoders ?? [])])
    if (part && 'text_decoder' in part)
      Object.assign(part, {
        text_decoder: new TextDecoder('utf-8', { ignoreBOM: true }),
        added_tokens: made.decoder!.added_tokens,
      });
}

/** The library knows matches of a pattern that are removed or stand alone; the others become matches of a longer pattern. */
function mendSplit(part: Part): Part {
  const { behavior, invert = false } = part;
  const pattern = isObject(part.pattern) ? part.pattern : {};
  const match =
    typeof pattern.Regex === 'string'
      ? `(?:${pattern.Regex})`
      : typeof pattern.String === 'string'
        ? `(?:${pattern.String.replace(REGEX_SIGNS, '\\$&')})`
        : undefined;
  if (behavior === 'Removed') return match === undefined ? part : { ...part, pattern: { Regex: match } };
  if (behavior === 'Isolated') return { ...part, invert: false };
  if (match === undefined || (invert && behavior !== 'Contiguous'))
    throw new SyntaxError(
      `Cannot open "tokenizer.json": found a Split with ${JSON.stringify(behavior)}${invert ? ', inverted' : ''}, need one that this version knows`,
    );
  const rest = `(?:(?!${match})[\\s\\S])+`;
  if (behavior === 'Contiguous') return split(`${match}+|${rest}`);
  if (behavior === 'MergedWithPrevious') return split(`${rest}${match}?|${match}`);
  return split(`${match}(?:${rest})?|${rest}`);
}

function split(pattern: string): Part {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

/** Words that are remembered, and how long one may be: a few MB. Text repeats a few ten thousand words. */
const MAX_WORDS = 50_000;
const MAX_WORD_CHARS = 64;

/** A memory that is emptied when it is full; the library's own moves every word that it finds, which is slower than the merging. */
class WordMemory<T> {
  readonly #known = new Map<string, T>();

  get(word: string): T | undefined {
    return this.#known.get(word);
  }

  put(word: string, value: T): void {
    if (word.length > MAX_WORD_CHARS) return;
    if (this.#known.size >= MAX_WORDS) this.#known.clear();
    this.#known.set(word, value);
  }

  clear(): void {
    this.#known.clear();
  }
}

interface ByteLevel {
  readonly add_prefix_space: boolean;
  readonly use_regex: boolean;
  readonly pattern: RegExp;
  readonly byte_encoder: Readonly<Record<number, string>>;
  pre_tokenize_text(text: string): string[];
}

/** What words become is remembered: text of 10 MB has as many different ones as text of 1 MB. The ids stay the same. */
export function rememberWords(made: Tokenizer): void {
  const model = made.model as unknown as { cache?: unknown };
  if (model.cache !== undefined) model.cache = new WordMemory<string[]>();
  const top = made.pre_tokenizer as unknown as { readonly tokenizers?: readonly object[] } | null;
  for (const part of [top, ...(top?.tokenizers ?? [])])
    if (part && 'byte_encoder' in part && 'pattern' in part) rememberBytes(part as unknown as ByteLevel);
}

/** Each byte of a word as the character that stands for it. */
function rememberBytes(part: ByteLevel): void {
  const known = new WordMemory<string>();
  const utf8 = new TextEncoder();
  const spell = (word: string) => {
    let spelled = known.get(word);
    if (spelled === undefined) {
      spelled = Array.from(utf8.encode(word), (byte) => part.byte_encoder[byte]!).join('');
      known.put(word, spelled);
    }
    return spelled;
  };
  part.pre_tokenize_text = (text) => {
    const whole = part.add_prefix_space && !text.startsWith(' ') ? ` ${text}` : text;
    return (part.use_regex ? (whole.match(part.pattern) ?? []) : [whole]).map(spell);
  };
}
