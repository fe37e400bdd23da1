// vocab.json and merges.txt, which byte-level tokenizers had before there was tokenizer.json (GPT-2's own repository, OPT) → the
// tokenizer.json that transformers makes of them: GPT-2's pieces, special tokens from tokenizer_config.json.

import { isObject } from './model-file.ts';

type Json = Readonly<Record<string, unknown>>;

export interface VocabAndMerges {
  /** vocab.json: ids by token. */
  readonly vocab: Json;
  /** merges.txt: a pair a line, the first line may be "#version". */
  readonly merges: string;
  /** tokenizer_config.json and special_tokens_map.json. */
  readonly config: Json | undefined;
  readonly specialTokens: Json | undefined;
}

/** Throws a SyntaxError that names the line of a merge that is no pair of tokens. */
export function tokenizerFromVocab({ vocab, merges, config = {}, specialTokens = {} }: VocabAndMerges): Json {
  const named = { ...specialTokens, ...config };
  const special = ['bos_token', 'eos_token', 'unk_token', 'pad_token']
    .map((key) => contentOf(named[key]))
    .filter((token) => token !== undefined);
  const added = [...new Set(special)]
    .filter((content) => typeof vocab[content] === 'number')
    .map((content) => ({ id: vocab[content], content, special: true, normalized: false }));
  const bos = contentOf(named.bos_token);
  const addsBos = named.add_bos_token === true && bos !== undefined && typeof vocab[bos] === 'number';
  return {
    version: '1.0',
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: named.add_prefix_space === true, use_regex: true },
    post_processor: addsBos
      ? {
          type: 'TemplateProcessing',
          single: [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
          pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
          special_tokens: { [bos]: { id: bos, ids: [vocab[bos]], tokens: [bos] } },
        }
      : null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab, merges: readMerges(merges, vocab) },
  };
}

function readMerges(text: string, vocab: Json): [string, string][] {
  const lines = text.split(/\r?\n/);
  const merges: [string, string][] = [];
  for (const [i, line] of lines.entries()) {
    if (line === '' || (i === 0 && line.startsWith('#version'))) continue;
    const [left, right, ...more] = line.split(' ');
    const isPair = left && right && more.length === 0 && Object.hasOwn(vocab, left) && Object.hasOwn(vocab, right);
    if (!isPair)
      throw new SyntaxError(
        `Cannot open "merges.txt": found ${JSON.stringify(line.slice(0, 80))} in line ${i + 1}, need two tokens of vocab.json`,
      );
    merges.push([left, right]);
  }
  return merges;
}

/** Tokens stand as text, or as an object with their text. */
function contentOf(token: unknown): string | undefined {
  if (typeof token === 'string') return token;
  return isObject(token) && typeof token.content === 'string' ? token.content : undefined;
}
