// What the values of a column look like, for columns whose names say nothing.
import type { Row } from './types.ts';

export interface ColumnMeasure {
  readonly name: string;
  /** Holds letters, in most rows. */
  readonly isWorded: boolean;
  /** Worded, and most values are several words long: something to read. */
  readonly isProse: boolean;
  /** Worded, short, and the same few values come again: something to answer with. */
  readonly isCategory: boolean;
  readonly hasObjects: boolean;
}

/** A class name is rarely longer; a sentence rarely shorter. */
const MAX_CATEGORY_CHARS = 40;

export function measureColumns(rows: readonly Row[]): ColumnMeasure[] {
  const names = [...new Set(rows.flatMap((row) => [...row.fields.keys()]))];
  return names.map((name) => measure(name, rows));
}

function measure(name: string, rows: readonly Row[]): ColumnMeasure {
  const values = rows.map((row) => row.fields.get(name));
  const texts = values.filter((value): value is string => typeof value === 'string' && value.trim() !== '');
  const isMost = (count: number) => count * 2 > rows.length;
  const isWorded = isMost(texts.filter((text) => /\p{L}/u.test(text)).length);
  const meanChars = texts.reduce((sum, text) => sum + text.length, 0) / Math.max(1, texts.length);
  return {
    name,
    isWorded,
    isProse: isWorded && isMost(texts.filter((text) => /\S\s+\S/.test(text)).length),
    isCategory: isWorded && meanChars <= MAX_CATEGORY_CHARS && new Set(texts).size * 2 <= texts.length,
    hasObjects: values.some((value) => typeof value === 'object' && value !== null),
  };
}
