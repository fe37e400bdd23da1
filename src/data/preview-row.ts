// A token row as people read it: exactly what the trainer computes on, token by token.
import type { TokenRow } from './types.ts';

export interface PreviewToken {
  readonly id: number;
  readonly text: string;
  readonly supervised: boolean;
}

/** `decodeToken` gives one token's text; half a character may come out as U+FFFD. */
export function previewRow(row: TokenRow, decodeToken: (id: number) => string): PreviewToken[] {
  return Array.from(row.ids, (id, index) => ({ id, text: decodeToken(id), supervised: row.mask[index] === 1 }));
}
