// A person's prompt → token ids, by the same road that training rows take.

import { encodePrompt } from '../data/render-token-rows.ts';
import type { Tokenizer } from '../model/tokenizer.ts';

/** A chat message goes through the model's template; other text is continued as it is. */
export function encodeRequest(tokenizer: Tokenizer, text: string, isChat: boolean): number[] {
  if (isChat && tokenizer.hasChatTemplate) return encodePrompt([{ role: 'user', content: text }], tokenizer);
  const ids = tokenizer.encode(text, { special: true });
  return tokenizer.bos === undefined ? ids : [tokenizer.bos, ...ids];
}
