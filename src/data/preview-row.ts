// A token row as people read it: exactly what the trainer computes on, token by token.
import type { TokenRow } from './types.ts';

export interface PreviewToken {
  readonly id: number;
  readonly text: string;
  readonly supervised: boolean;
}

/** Stands for a token that is the rest of the character before it. */
export const REST = '‥';

/** Tokens that may share a character: it has at most four bytes, and a token may begin in one and end in the next. */
const MOST_PARTS = 8;
const BROKEN = '\uFFFD';

/**
 * `decode` gives the text of tokens. A character that is spread over several of them stands whole on the first; the others are
 * `REST`. What is broken in the data itself stays U+FFFD.
 */
export function previewRow(row: TokenRow, decode: (ids: readonly number[]) => string): PreviewToken[] {
  const ids = Array.from(row.ids);
  const texts: string[] = [];
  while (texts.length < ids.length) {
    const at = texts.length;
    const alone = decode([ids[at]!]);
    const parts = alone.includes(BROKEN) ? countParts(ids, at, decode) : 1;
    texts.push(parts === 1 ? alone : decode(ids.slice(at, at + parts)));
    for (let i = 1; i < parts; i++) texts.push(REST);
  }
  return ids.map((id, index) => ({ id, text: texts[index]!, supervised: row.mask[index] === 1 }));
}

/** How many tokens from `at` on are whole characters together; 1 where no number of them is. */
function countParts(ids: readonly number[], at: number, decode: (ids: readonly number[]) => string): number {
  for (let parts = 2; parts <= MOST_PARTS && at + parts <= ids.length; parts++)
    if (!decode(ids.slice(at, at + parts)).includes(BROKEN)) return parts;
  return 1;
}
