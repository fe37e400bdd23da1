// What a row says, in two texts: what the model reads and what it learns. For the table, the search and the doctor.
import type { Example } from './types.ts';

export interface RowText {
  readonly prompt: string;
  readonly answer: string;
}

/** Of a chat: everything before its last answer, and that answer. Text is all learned. Token ids are shown as numbers. */
export function rowText(example: Example): RowText {
  if (example.kind === 'text') return { prompt: '', answer: example.text };
  if (example.kind === 'tokenized') return { prompt: '', answer: `[${example.ids.join(' ')}]` };
  const last = example.messages.findLastIndex(({ role }) => role === 'assistant');
  const before = example.messages.slice(0, last);
  const spoken = before.filter(({ role }) => role !== 'system');
  const shown =
    spoken.length > 1 ? spoken.map(({ role, content }) => `${role}: ${content}`) : spoken.map((m) => m.content);
  return { prompt: shown.join('\n'), answer: example.messages[last]?.content ?? '' };
}

/** The same for texts that differ in case, spaces and punctuation alone. */
export function loosenText(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
