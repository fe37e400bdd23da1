// A tokenizer small enough to check by hand: one token a byte, a few merges, special tokens from 256 on, and templates
// with the habits of real ones.
import type { ChatTokenizer, Message } from '../types.ts';

export const SPECIALS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<s>', '</s>', '[INST]', '[/INST]'] as const;
const FIRST_SPECIAL = 256;
const FIRST_MERGE = 300;

export const IM_END = FIRST_SPECIAL + SPECIALS.indexOf('<|im_end|>');
export const IM_START = FIRST_SPECIAL + SPECIALS.indexOf('<|im_start|>');
export const EOS = FIRST_SPECIAL + SPECIALS.indexOf('</s>');
export const BOS = FIRST_SPECIAL + SPECIALS.indexOf('<s>');

type Template = (messages: readonly Message[], generationPrompt: boolean) => string;

const chatml: Template = (messages, generationPrompt) =>
  messages.map((message) => `<|im_start|>${message.role}\n${message.content}<|im_end|>\n`).join('') +
  (generationPrompt ? '<|im_start|>assistant\n' : '');

export const TEMPLATES = {
  chatml,
  /** Gemma's manners: no system message, turns alternate. */
  strict: (messages, generationPrompt) => {
    if (messages[0]?.role === 'system') throw new Error('System role not supported');
    messages.forEach((message, index) => {
      if (message.role !== (index % 2 === 0 ? 'user' : 'assistant'))
        throw new Error('Conversation roles must alternate user/assistant/user/assistant/...');
    });
    return chatml(messages, generationPrompt);
  },
  /** Qwen 3's manners: the last answer begins with a thought, earlier ones lose theirs. */
  thinking: (messages, generationPrompt) =>
    chatml(
      messages.map((message, index) =>
        message.role === 'assistant' && index === messages.length - 1
          ? { ...message, content: `<think>\n\n</think>\n\n${message.content}` }
          : message,
      ),
      generationPrompt,
    ),
  /** Llama 2's manners: content is trimmed, the answer follows a space, no role names. */
  inst: (messages) =>
    messages
      .map(({ role, content }) =>
        role === 'assistant' ? ` ${content.trim()}</s>` : `<s>[INST] ${content.trim()} [/INST]`,
      )
      .join(''),
  /** An author who forgot the end of the turn. */
  open: (messages, generationPrompt) =>
    messages.map((message) => `### ${message.role}: ${message.content}\n`).join('') +
    (generationPrompt ? '### assistant: ' : ''),
} satisfies Record<string, Template>;

export interface FakeOptions {
  readonly template?: keyof typeof TEMPLATES;
  /** Byte pairs that are one token, as text of two ASCII letters. */
  readonly merges?: readonly string[];
  readonly bos?: number;
  readonly endOfTurn?: readonly number[];
  /** Sentencepiece's manners: a space is put before a text. */
  readonly dummyPrefix?: boolean;
}

export function createFakeTokenizer(
  options: FakeOptions = {},
): ChatTokenizer & { decode(ids: Iterable<number>): string } {
  const { merges = [], template } = options;
  const splitter = new RegExp(`(${SPECIALS.map((token) => token.replace(/[|[\]]/g, '\\$&')).join('|')})`);
  const encodePlain = (text: string): number[] => {
    const bytes = [...new TextEncoder().encode(options.dummyPrefix && text !== '' ? ` ${text}` : text)];
    const ids: number[] = [];
    for (let i = 0; i < bytes.length; i++) {
      const merge = merges.indexOf(String.fromCharCode(bytes[i]!, bytes[i + 1] ?? 0));
      ids.push(merge < 0 ? bytes[i]! : FIRST_MERGE + merge);
      if (merge >= 0) i++;
    }
    return ids;
  };
  return {
    encode: (text, { special }) =>
      special
        ? text
            .split(splitter)
            .flatMap((part, index) =>
              index % 2 === 1 ? [FIRST_SPECIAL + SPECIALS.indexOf(part as never)] : encodePlain(part),
            )
        : encodePlain(text),
    renderChat: (messages, { generationPrompt }) => TEMPLATES[template ?? 'chatml'](messages, generationPrompt),
    hasChatTemplate: template !== undefined,
    specialTokens: SPECIALS,
    endOfTurn: options.endOfTurn ?? (template === 'inst' || template === undefined ? [EOS] : [IM_END]),
    bos: options.bos,
    /** Special tokens by their names, so that a test can tell them from text only by id. */
    decode: (ids) => {
      const bytes = [...ids].flatMap((id) => [
        ...new TextEncoder().encode(
          id >= FIRST_MERGE ? merges[id - FIRST_MERGE] : id >= FIRST_SPECIAL ? SPECIALS[id - FIRST_SPECIAL] : '',
        ),
        ...(id < FIRST_SPECIAL ? [id] : []),
      ]);
      return new TextDecoder().decode(Uint8Array.from(bytes));
    },
  };
}
