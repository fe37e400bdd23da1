// A parsed JSON value → a row of own fields. The fields live in a Map, so a key "__proto__" is a key like any other.
import type { Row } from './types.ts';

/** Fields of one row. Real datasets have tens; beyond this it is a matrix, and no one could pick columns from it. */
export const MAX_COLUMNS = 1000;

/** The row, or the reason why it is none. */
export function rowFromValue(file: string, line: number, value: unknown): Row | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `found ${describeValue(value)}, need an object`;
  const fields = Object.entries(value);
  if (fields.length > MAX_COLUMNS) return `found ${fields.length} fields, need at most ${MAX_COLUMNS}`;
  return { file, line, fields: new Map(fields) };
}

/** What a value is, for a sentence: "a list", "null", "the number 4". */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return 'text';
  return `the ${typeof value} ${String(value)}`;
}

/** An own property of a foreign object; inherited ones ("constructor") are not data. */
export function ownValue(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}
