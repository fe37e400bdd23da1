// The bundled general text as token rows: what forgetting is measured on (held-out/README.md).

import text from './held-out/general-text.txt?raw';
import { renderTokenRows } from './render-token-rows.ts';
import type { ChatTokenizer, TokenRow } from './types.ts';

/** Longer passages become several rows; most fit. */
const MAX_TOKENS = 128;

/** Every token is judged: these are texts, not questions and answers. */
export function generalRows(tokenizer: ChatTokenizer): TokenRow[] {
  const options = { maxTokens: MAX_TOKENS, longRows: 'split', completionOnly: false } as const;
  return passages().flatMap((passage, i) => [
    ...renderTokenRows({ kind: 'text', text: passage, file: 'general-text.txt', line: i + 1 }, tokenizer, options),
  ]);
}

export function passages(): string[] {
  return text.trim().split(/\n\s*\n/);
}
