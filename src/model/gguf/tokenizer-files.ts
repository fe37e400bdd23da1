// The tokenizer in a GGUF header → tokenizer.json and tokenizer_config.json as openTokenizer takes them.
//
//   gpt2    byte-level pairs with merges; how text is cut first depends on the name in tokenizer.ggml.pre
//   llama   SentencePiece: "▁" for spaces, pieces with scores, single bytes for what has no piece. Merging the pair whose
//           piece has the best score is byte-pair encoding with the merges in the order of scores, which is how Hugging
//           Face's converter writes it too.

import type { ModelFile } from '../model-file.ts';
import type { TokenizerFiles } from '../tokenizer.ts';
import { broken } from './byte-reader.ts';
import { PRE_TOKENIZERS, type PreTokenizer } from './pre-tokenizers.ts';
import type { GgufValue } from './read-header.ts';

type Metadata = ReadonlyMap<string, GgufValue>;
type Json = Record<string, unknown>;

const PREFIX = 'tokenizer.ggml';
/** tokenizer.ggml.token_type */
const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
/** Words that special ids have in a GGUF header, and those that tokenizer_config.json has for them. */
const SPECIAL = { bos: 'bos', eos: 'eos', unknown: 'unk', seperator: 'sep', padding: 'pad' } as const;

interface Vocabulary {
  readonly tokens: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
  typeOf(id: number): number;
}

/** Throws a SyntaxError that names the part that is missing, of the wrong kind, or not known. */
export function tokenizerFiles(file: ModelFile, metadata: Metadata): TokenizerFiles {
  const kind = metadata.get(`${PREFIX}.model`);
  if (kind !== 'gpt2' && kind !== 'llama')
    throw broken(file, `${PREFIX}.model ${JSON.stringify(kind)}`, '"gpt2" or "llama"');
  const vocabulary = readVocabulary(file, metadata);
  const { tokens } = vocabulary;
  const parts = kind === 'gpt2' ? byteLevel(file, metadata, vocabulary) : sentencePiece(file, metadata, vocabulary);
  const config: Json = { chat_template: metadata.get('tokenizer.chat_template') };
  for (const [key, name] of Object.entries(SPECIAL)) {
    const id = tokenId(metadata, key);
    if (id === undefined) continue;
    if (tokens[id] === undefined)
      throw broken(file, `${PREFIX}.${key}_token_id ${id}`, `an id below its ${tokens.length} tokens`);
    config[`${name}_token`] = tokens[id];
  }
  const addsBos = flag(metadata, 'add_bos_token') ?? parts.addBos;
  const bos = addsBos ? (config.bos_token as string | undefined) : undefined;
  return {
    tokenizer: { ...parts.tokenizer, added_tokens: addedTokens(vocabulary), post_processor: bos ? before(bos) : null },
    config,
    eos: endIds(metadata),
  };
}

/** The id at `tokenizer.ggml.<key>_token_id`. */
export function tokenId(metadata: Metadata, key: string): number | undefined {
  const id = metadata.get(`${PREFIX}.${key}_token_id`);
  return typeof id === 'number' && Number.isInteger(id) && id >= 0 ? id : undefined;
}

/** Ids that end a turn, the most important first. */
export function endIds(metadata: Metadata): number[] {
  const ids = ['eos', 'eot', 'eom'].map((key) => tokenId(metadata, key));
  return [...new Set(ids.filter((id) => id !== undefined))];
}

function readVocabulary(file: ModelFile, metadata: Metadata): Vocabulary {
  const tokens = texts(file, metadata, 'tokens');
  const types = numbers(file, metadata, 'token_type', tokens.length);
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    const other = ids.get(token);
    if (other !== undefined)
      throw broken(file, `token ${JSON.stringify(token)} with the ids ${other} and ${id}`, 'each token once');
    ids.set(token, id);
  }
  return { tokens, ids, typeOf: (id) => types?.[id] ?? NORMAL };
}

function byteLevel(file: ModelFile, metadata: Metadata, { ids }: Vocabulary) {
  const name = metadata.get(`${PREFIX}.pre`) ?? 'default';
  const isKnown = typeof name === 'string' && Object.hasOwn(PRE_TOKENIZERS, name);
  if (!isKnown) {
    const known = Object.keys(PRE_TOKENIZERS).join(', ');
    throw broken(file, `${PREFIX}.pre ${JSON.stringify(name)}`, `a way of cutting text that Graft knows (${known})`);
  }
  const { splits, ignoreMerges = false, addBos = false } = PRE_TOKENIZERS[name] as PreTokenizer;
  const merges = texts(file, metadata, 'merges');
  for (const merge of merges) {
    const space = merge.indexOf(' ', 1);
    const [left, right] = [merge.slice(0, space), merge.slice(space + 1)];
    if (space < 0 || !ids.has(left) || !ids.has(right) || !ids.has(left + right))
      throw broken(file, `the merge ${JSON.stringify(merge)}`, 'merges of two of its tokens into a third');
  }
  const split = (pattern: string) => ({
    type: 'Split',
    pattern: { Regex: pattern },
    behavior: 'Isolated',
    invert: false,
  });
  const tokenizer: Json = {
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [...splits.map(split), { type: 'ByteLevel', add_prefix_space: false, use_regex: false }],
    },
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: Object.fromEntries(ids), merges, ignore_merges: ignoreMerges },
  };
  return { tokenizer, addBos };
}

function sentencePiece(file: ModelFile, metadata: Metadata, vocabulary: Vocabulary) {
  const { tokens, ids } = vocabulary;
  const scores = numbers(file, metadata, 'scores', tokens.length);
  if (scores === undefined) throw broken(file, `no ${PREFIX}.scores`, 'a score for each token');
  const hasPrefix = flag(metadata, 'add_space_prefix') ?? true;
  const space = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  const unknown = tokenId(metadata, 'unknown') ?? tokens.findIndex((_, id) => vocabulary.typeOf(id) === UNKNOWN);
  const tokenizer: Json = {
    normalizer: {
      type: 'Sequence',
      normalizers: hasPrefix ? [{ type: 'Prepend', prepend: '▁' }, space] : [space],
    },
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(hasPrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(ids),
      merges: mergesByScore(vocabulary, scores),
      byte_fallback: true,
      fuse_unk: true,
      unk_token: tokens[unknown] ?? null,
    },
  };
  return { tokenizer, addBos: true };
}

/** Every way to make a piece of two others; better pieces first, and for one piece the better parts. */
function mergesByScore({ tokens, ids, typeOf }: Vocabulary, scores: ArrayLike<number>): [string, string][] {
  const ways: { left: number; right: number; piece: number }[] = [];
  for (const [piece, token] of tokens.entries()) {
    if (typeOf(piece) !== NORMAL && typeOf(piece) !== USER_DEFINED) continue;
    for (let cut = 1; cut < token.length; cut++) {
      const left = ids.get(token.slice(0, cut));
      const right = ids.get(token.slice(cut));
      if (left !== undefined && right !== undefined) ways.push({ left, right, piece });
    }
  }
  const score = (id: number) => scores[id]!;
  ways.sort(
    (a, b) => score(b.piece) - score(a.piece) || score(b.left) - score(a.left) || score(b.right) - score(a.right),
  );
  return ways.map(({ left, right }) => [tokens[left]!, tokens[right]!]);
}

function addedTokens({ tokens, typeOf }: Vocabulary): Json[] {
  return tokens.flatMap((content, id) => {
    const type = typeOf(id);
    if ((type !== CONTROL && type !== UNKNOWN && type !== USER_DEFINED) || content === '') return [];
    return [{ id, content, special: type !== USER_DEFINED, normalized: false }];
  });
}

function before(bos: string): Json {
  const single = [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }];
  return { type: 'TemplateProcessing', single, pair: single, special_tokens: {} };
}

function texts(file: ModelFile, metadata: Metadata, key: string): readonly string[] {
  const value = metadata.get(`${PREFIX}.${key}`);
  if (Array.isArray(value) && (value.length === 0 || typeof value[0] === 'string')) return value as string[];
  throw broken(file, `no list of texts in ${PREFIX}.${key}`, 'a tokenizer with its vocabulary');
}

function numbers(
  file: ModelFile,
  metadata: Metadata,
  key: string,
  length: number,
): Exclude<GgufValue, string | number | boolean | readonly string[] | readonly boolean[]> | undefined {
  const value = metadata.get(`${PREFIX}.${key}`);
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || Array.isArray(value))
    throw broken(file, `${PREFIX}.${key} that is no list of numbers`, 'one number a token');
  if (value.length !== length)
    throw broken(file, `${value.length} entries in ${PREFIX}.${key}`, `${length}, as tokens`);
  return value as Float32Array;
}

function flag(metadata: Metadata, key: string): boolean | undefined {
  const value = metadata.get(`${PREFIX}.${key}`);
  return typeof value === 'boolean' ? value : undefined;
}
