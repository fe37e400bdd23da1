// The columns of a file in one sentence, with what is in those that hold no text: the user has to choose among them.
import type { Row } from './types.ts';

/** Names in one sentence: more nobody reads, and the page lists all of them where one chooses. */
const MAX_NAMES = 10;
const MAX_NAME_CHARS = 40;

export function describeColumns(rows: readonly Row[]): string {
  const kinds = new Map<string, string>();
  for (const row of rows) {
    for (const [name, value] of row.fields) if (!kinds.get(name)) kinds.set(name, describeKind(value));
  }
  if (kinds.size === 0) return 'no columns';
  const names = [...kinds].slice(0, MAX_NAMES).map(([name, kind]) => `"${shorten(name)}"${kind}`);
  const more = kinds.size > MAX_NAMES ? ` and ${kinds.size - MAX_NAMES} more` : '';
  return `the ${kinds.size === 1 ? 'column' : 'columns'} ${names.join(', ')}${more}`;
}

function describeKind(value: unknown): string {
  if (Array.isArray(value)) return ' (a list)';
  if (typeof value !== 'object' || value === null) return '';
  const keys = Object.keys(value).map(shorten);
  return ` (an object with ${keys.slice(0, 6).join(', ')}${keys.includes('replies') ? '; nested replies' : ''})`;
}

function shorten(name: string): string {
  return name.length > MAX_NAME_CHARS ? `${name.slice(0, MAX_NAME_CHARS)}…` : name;
}
