// What a person asks → token ids, by the same road that training rows take.

import { encodePrompt } from '../data/render-token-rows.ts';
import type { Message } from '../data/types.ts';
import type { Tokenizer } from '../model/tokenizer.ts';

/**
 * A talk goes through the model's template; where it has none, turns follow each other as in training (join-turns.ts).
 * Other text is continued as it is.
 */
export function encodeRequest(tokenizer: Tokenizer, asked: string | readonly Message[], isChat: boolean): number[] {
  const messages: readonly Message[] = typeof asked === 'string' ? [{ role: 'user', content: asked }] : asked;
  if (isChat) return encodePrompt(messages, tokenizer);
  const ids = tokenizer.encode(messages.map(({ content }) => content).join(''), { special: true });
  return tokenizer.bos === undefined ? ids : [tokenizer.bos, ...ids];
}
