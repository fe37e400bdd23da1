// A part of many rows that stands for all of them: evenly spread, so that every stretch of a file has its share.

import type { TokenRow } from '../../data/types.ts';

/** At least one row, and no more than `mostTokens` of them where that leaves one. */
export function portion(rows: readonly TokenRow[], mostTokens: number): readonly TokenRow[] {
  const tokens = rows.reduce((sum, { ids }) => sum + ids.length, 0);
  if (tokens <= mostTokens) return rows;
  let count = Math.max(1, Math.floor((rows.length * mostTokens) / tokens));
  for (; count > 1; count--) {
    const picked = spread(rows, count);
    if (picked.reduce((sum, { ids }) => sum + ids.length, 0) <= mostTokens) return picked;
  }
  return spread(rows, 1);
}

function spread(rows: readonly TokenRow[], count: number): TokenRow[] {
  return Array.from({ length: count }, (_, i) => rows[Math.floor(((i + 0.5) * rows.length) / count)]!);
}
