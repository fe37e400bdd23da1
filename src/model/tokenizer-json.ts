// tokenizer.json and tokenizer_config.json as the tokenizers library and transformers read them, from the parts that a GGUF
// header gives. What Graft's own reader takes is less: the library wants every field of its format.

import { isObject } from './model-file.ts';
import type { TokenizerFiles } from './tokenizer.ts';

type Json = Readonly<Record<string, unknown>>;

/** The two files' contents. */
export function portableTokenizer(files: TokenizerFiles): { readonly tokenizer: Json; readonly config: Json } {
  const { tokenizer, config = {} } = files;
  const added = Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens.filter(isObject) : [];
  const idOf = new Map(added.map((token) => [token.content, token.id]));
  const full = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map((token) => ({ single_word: false, lstrip: false, rstrip: false, ...token })),
    normalizer: tokenizer.normalizer ?? null,
    pre_tokenizer: spelledOut(tokenizer.pre_tokenizer ?? null),
    post_processor: withSpecialTokens(tokenizer.post_processor, idOf),
    decoder: spelledOut(tokenizer.decoder ?? null),
    model: isObject(tokenizer.model)
      ? {
          dropout: null,
          unk_token: null,
          continuing_subword_prefix: null,
          end_of_word_suffix: null,
          fuse_unk: false,
          byte_fallback: false,
          ignore_merges: false,
          ...tokenizer.model,
        }
      : tokenizer.model,
  };
  const tokens = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  const template = files.chatTemplate === undefined ? {} : { chat_template: files.chatTemplate };
  return { tokenizer: full, config: { tokenizer_class: 'PreTrainedTokenizerFast', ...tokens, ...template } };
}

/** ByteLevel with all of its switches; sequences within. */
function spelledOut(part: unknown): unknown {
  if (!isObject(part)) return part;
  if (part.type === 'ByteLevel') return { add_prefix_space: false, trim_offsets: true, use_regex: true, ...part };
  const lists = Object.entries(part).map(([key, value]) => [key, Array.isArray(value) ? value.map(spelledOut) : value]);
  return Object.fromEntries(lists);
}

/** A template names its tokens' ids. */
function withSpecialTokens(processor: unknown, idOf: ReadonlyMap<unknown, unknown>): unknown {
  if (!isObject(processor) || processor.type !== 'TemplateProcessing') return processor ?? null;
  const single = Array.isArray(processor.single) ? processor.single.filter(isObject) : [];
  const names = single.flatMap(({ SpecialToken: token }) => (isObject(token) ? [String(token.id)] : []));
  const special = Object.fromEntries(names.map((name) => [name, { id: name, ids: [idOf.get(name)], tokens: [name] }]));
  return { ...processor, special_tokens: special };
}
