// A model's tokenizer and chat template, on @huggingface/tokenizers and @huggingface/jinja. One renderChat serves
// training, chat and export, so that a model is asked in the words it was taught in.

import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { mendSections } from './encode-sections.ts';
import { isObject } from './model-file.ts';
import { type ParsedTemplate, parseTemplate, renderTemplate } from './render-template.ts';
import { formatDate } from './strftime.ts';
import { mendDecoder, mendModel, mendNormalizer, mendPreTokenizer, rememberWords } from './tokenizer-parts.ts';

type Json = Readonly<Record<string, unknown>>;

/** The files of a model folder that make a tokenizer, parsed. */
export interface TokenizerFiles {
  /** tokenizer.json */
  readonly tokenizer: Json;
  /** tokenizer_config.json */
  readonly config?: Json | undefined;
  /** special_tokens_map.json, in old folders */
  readonly specialTokens?: Json | undefined;
  /** chat_template.jinja; goes before a template in tokenizer_config.json */
  readonly chatTemplate?: string | undefined;
  /** End-of-turn ids of generation_config.json and config.json, most important first. */
  readonly eos?: readonly number[] | undefined;
}

interface Message {
  readonly role: string;
  readonly content: string;
  /** Of an assistant's turn, as OpenAI's format has them: {type: "function", function: {name, arguments}}, arguments an object. */
  readonly tool_calls?: readonly object[];
  /** Of a tool's turn. */
  readonly name?: string;
  readonly tool_call_id?: string;
}

export interface RenderOptions {
  /** Ends with the beginning of an answer. */
  readonly generationPrompt: boolean;
  /** Descriptions of functions, as JSON schemas in OpenAI's format. Templates that know no tools leave them out. */
  readonly tools?: readonly object[] | undefined;
}

/** Text that arrives token by token, never with half a character. */
export interface TextStream {
  /** The text that `id` completes; empty while a character lacks bytes. Special tokens have no text. */
  push(id: number): string;
  /** What is left when no token follows. */
  end(): string;
}

export interface Tokenizer {
  /** Token ids of `text`, with nothing added. With `special` false, special tokens' strings are read as plain text. */
  encode(text: string, options: { readonly special: boolean }): number[];
  /** Text of `ids`; ids without a token are left out, special tokens too unless `special`. */
  decode(ids: ArrayLike<number>, options?: { readonly special?: boolean }): string;
  decodeStream(): TextStream;
  /** Throws an Error with the template's own words when it refuses the messages. */
  renderChat(messages: readonly Message[], options: RenderOptions): string;
  readonly hasChatTemplate: boolean;
  /** The template's Jinja text. */
  readonly chatTemplate: string | undefined;
  /** Strings of all special tokens. */
  readonly specialTokens: readonly string[];
  /** Ids that end a turn; the first closes plain-text completions. */
  readonly endOfTurn: readonly number[];
  /** What the tokenizer itself puts before plain text, if anything. */
  readonly bos: number | undefined;
  /** One more than the largest token id. */
  readonly vocabSize: number;
}

/** Tokens of one character, at most: a character has 4 bytes, and no token less than one. Beyond, bytes are not UTF-8. */
const MAX_HELD_TOKENS = 4;

/** Stops ids that would become huge arrays; vocabularies end near 300,000. */
const MAX_VOCAB = 2 ** 22;

/** Throws a SyntaxError when the files are not what a tokenizer is made of. */
export function openTokenizer(files: TokenizerFiles): Tokenizer {
  const vocabSize = vocabSizeOf(files.tokenizer);
  const { full, plain } = makeTokenizers(files.tokenizer, files.config ?? {});
  const named = { ...files.specialTokens, ...files.config };
  const added = [...full.get_added_tokens_decoder().values()];
  const special = added.filter((token) => token.special);
  const specialIds = new Set(special.map((token) => token.id));
  const chatTemplate = files.chatTemplate ?? templateOf(files.config?.chat_template);

  const encode: Tokenizer['encode'] = (text, options) =>
    options.special ? idsOf(full, text) : encodePlain(plain, text, specialIds);
  const decode: Tokenizer['decode'] = (ids, options) => {
    const keep = Array.from(ids).filter(
      (id) => full.id_to_token(id) !== undefined && (options?.special || !specialIds.has(id)),
    );
    return keep.length === 0 ? '' : full.decode(keep, { clean_up_tokenization_spaces: false });
  };
  return {
    encode,
    decode,
    decodeStream: () => streamText(decode),
    renderChat: chatRenderer(chatTemplate, named),
    hasChatTemplate: chatTemplate !== undefined,
    chatTemplate,
    specialTokens: special.map((token) => token.content),
    endOfTurn: endOfTurnIds(full, files.eos ?? [], named.eos_token),
    bos: bosOf(full),
    vocabSize,
  };
}

/** The pieces that a tokenizer.json's pre-tokenizer cuts text into. */
export function preTokenize(json: Json, text: string): readonly string[] {
  const parts = { decoder: null, post_processor: null, normalizer: null, added_tokens: [] };
  const model = { type: 'BPE', vocab: {}, merges: [] };
  const made = new HuggingFaceTokenizer({ ...parts, model, pre_tokenizer: mendPreTokenizer(json.pre_tokenizer) }, {});
  return made.pre_tokenizer?.pre_tokenize(text) ?? [text];
}

/** The tokenizer, and its twin that knows no special tokens. They share the model, whose merges are most of the memory. */
function makeTokenizers(json: Json, config: Json) {
  const added: unknown[] = Array.isArray(json.added_tokens) ? json.added_tokens : [];
  const plainAdded = added.filter((token) => isObject(token) && token.special !== true);
  try {
    // The library fails on absent parts that the format allows.
    const parts = {
      decoder: null,
      post_processor: null,
      ...json,
      normalizer: mendNormalizer(json.normalizer),
      pre_tokenizer: mendPreTokenizer(json.pre_tokenizer),
    };
    const full = new HuggingFaceTokenizer({ ...parts, added_tokens: added }, config);
    mendModel(full, json.model);
    mendDecoder(full);
    const noModel = { type: 'BPE', vocab: {}, merges: [] };
    const plain = new HuggingFaceTokenizer(
      { ...parts, added_tokens: plainAdded, post_processor: null, model: noModel },
      config,
    );
    plain.model = full.model;
    for (const made of [full, plain]) {
      mendSections(made);
      rememberWords(made);
    }
    return { full, plain };
  } catch (error) {
    throw new SyntaxError(
      `Cannot open "tokenizer.json": found something unknown (${(error as Error).message}), need a Hugging Face tokenizer`,
    );
  }
}

/** Checks every id before the library builds tables from them. */
function vocabSizeOf(json: Json): number {
  if (!isObject(json.model))
    throw new SyntaxError('Cannot open "tokenizer.json": found no model, need a Hugging Face tokenizer');
  const { vocab } = json.model;
  const added = Array.isArray(json.added_tokens) ? json.added_tokens : [];
  const ids: unknown[] = [
    ...(Array.isArray(vocab) ? vocab.keys() : Object.values(isObject(vocab) ? vocab : {})),
    ...added.map((token) => (isObject(token) ? token.id : undefined)),
  ];
  let size = 0;
  for (const id of ids) {
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= MAX_VOCAB) {
      throw new SyntaxError(
        `Cannot open "tokenizer.json": found token id ${JSON.stringify(id)}, need whole numbers below ${MAX_VOCAB}`,
      );
    }
    size = Math.max(size, (id as number) + 1);
  }
  if (size === 0) throw new SyntaxError('Cannot open "tokenizer.json": found no vocabulary, need one');
  return size;
}

function idsOf(tokenizer: HuggingFaceTokenizer, text: string): number[] {
  return tokenizer.encode(text, { add_special_tokens: false }).ids;
}

/**
 * Ids of text whose markers are only text. Byte-pair models spell them out by themselves; a unigram model finds them
 * in its vocabulary, so there the text is cut inside each marker.
 */
function encodePlain(tokenizer: HuggingFaceTokenizer, text: string, specialIds: ReadonlySet<number>): number[] {
  const ids = idsOf(tokenizer, text);
  const found = ids.filter((id) => specialIds.has(id)).map((id) => tokenizer.id_to_token(id) ?? '');
  const marker = found.find((token) => token.length > 1 && text.includes(token));
  if (marker === undefined) return ids;
  const cut = text.indexOf(marker) + 1;
  return [text.slice(0, cut), text.slice(cut)].flatMap((part) => encodePlain(tokenizer, part, specialIds));
}

function streamText(decode: (ids: number[]) => string): TextStream {
  // A token's text can depend on the one before it (a leading space), so the last shown tokens are decoded again.
  let shown: number[] = [];
  let held: number[] = [];
  const release = () => {
    const before = decode(shown);
    const text = decode([...shown, ...held]);
    // Tokens without text of their own still decide about the next one's: SentencePiece strips the first space of a text.
    shown = decode(held) === '' ? [...shown, ...held] : held;
    held = [];
    return text.startsWith(before) ? text.slice(before.length) : text;
  };
  return {
    push(id) {
      held.push(id);
      if (!decode([...shown, ...held]).endsWith('\ufffd')) return release();
      if (held.length < MAX_HELD_TOKENS) return '';
      // As many tokens as a character can have: what came first was a U+FFFD of the text itself, only the last is cut.
      held.pop();
      const text = release();
      held = [id];
      return text;
    },
    end: release,
  };
}

/** One template, or several by name, of which chats use "default". */
function templateOf(template: unknown): string | undefined {
  if (template === undefined || template === null) return undefined;
  if (typeof template === 'string') return template;
  const named = Array.isArray(template) ? template.filter(isObject) : [];
  const chosen = named.find((entry) => entry.name === 'default') ?? named[0];
  if (typeof chosen?.template === 'string') return chosen.template;
  throw new SyntaxError(
    'Cannot open "tokenizer_config.json": found a chat_template that is neither text nor a list, need a Jinja template',
  );
}

function chatRenderer(text: string | undefined, named: Json): Tokenizer['renderChat'] {
  const variables = Object.fromEntries(
    ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token']
      .map((key) => [key, tokenString(named[key])] as const)
      .filter(([, value]) => value !== undefined),
  );
  let template: ParsedTemplate | undefined;
  return (messages, { generationPrompt, tools }) => {
    if (text === undefined)
      throw new RangeError('Cannot render a conversation: found no chat template, need a model that has one');
    template ??= compile(text);
    const values = {
      ...variables,
      messages,
      tools: tools ?? null,
      documents: null,
      add_generation_prompt: generationPrompt,
      strftime_now: (format: string) => formatDate(new Date(), format),
    };
    try {
      const chars = messages.reduce((sum, message) => sum + charsOf(message), tools ? JSON.stringify(tools).length : 0);
      return renderTemplate(template, values, { messages: messages.length, chars });
    } catch (error) {
      throw new RangeError(
        `Cannot render the conversation: found "${(error as Error).message}" from the chat template, need messages that it accepts`,
      );
    }
  };
}

function charsOf({ role, content, ...others }: Message): number {
  return role.length + content.length + JSON.stringify(others).length;
}

function compile(text: string): ParsedTemplate {
  try {
    return parseTemplate(text);
  } catch (error) {
    throw new SyntaxError(
      `Cannot read the chat template: found ${(error as Error).message}, need Jinja that this version knows`,
    );
  }
}

function endOfTurnIds(tokenizer: HuggingFaceTokenizer, eos: readonly number[], token: unknown): number[] {
  const name = tokenString(token);
  const id = name === undefined ? undefined : tokenizer.token_to_id(name);
  return [...new Set(id === undefined ? eos : [...eos, id])];
}

/** Compares a word with and without the tokenizer's own additions: only what comes first counts. */
function bosOf(tokenizer: HuggingFaceTokenizer): number | undefined {
  const bare = tokenizer.encode('a', { add_special_tokens: false }).ids;
  const whole = tokenizer.encode('a', { add_special_tokens: true }).ids;
  return whole.length > bare.length && whole[0] !== bare[0] ? whole[0] : undefined;
}

/** Special tokens are written as text or as objects with the text in `content`. */
function tokenString(token: unknown): string | undefined {
  const text = isObject(token) ? token.content : token;
  return typeof text === 'string' ? text : undefined;
}
