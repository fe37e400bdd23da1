// Values of a template as Python compares and writes them.

import type { Interpreter } from '@huggingface/jinja';

export type Value = ReturnType<Interpreter['evaluate']>;

const NUMBER = /^(Integer|Float|Boolean)Value$/;
const LIST = /^(Array|Tuple)Value$/;
const items = (value: Value) => value.value as readonly Value[];
const entries = (value: Value) => value.value as ReadonlyMap<string, Value>;

/** A list may hold another twice, and that one a third: written out, such a value has no end. */
const MAX_PARTS = 1_000_000;

/** Throws a RangeError for more than so many parts. */
function countParts(): () => void {
  let parts = 0;
  return () => {
    if (++parts > MAX_PARTS) throw new RangeError(`a value of more than ${MAX_PARTS} parts`);
  };
}

/** Python's ==. */
export function isEqual(a: Value, b: Value, count = countParts()): boolean {
  count();
  if (NUMBER.test(a.type) && NUMBER.test(b.type)) return Number(a.value) === Number(b.value);
  if (a.type !== b.type) return false;
  if (LIST.test(a.type)) {
    const [one, other] = [items(a), items(b)];
    return one.length === other.length && one.every((item, i) => isEqual(item, other[i]!, count));
  }
  if (a.type !== 'ObjectValue') return a.value === b.value;
  const [one, other] = [entries(a), entries(b)];
  const isInOther = ([key, item]: readonly [string, Value]) => other.has(key) && isEqual(item, other.get(key)!, count);
  return one.size === other.size && [...one].every(isInOther);
}

/** Python's repr(). */
export function repr(value: Value, count = countParts()): string {
  count();
  if (value.type === 'NullValue') return 'None';
  if (value.type === 'StringValue') return quoted(value.value as string);
  if (value.type === 'BooleanValue') return value.value ? 'True' : 'False';
  if (value.type === 'ObjectValue')
    return `{${[...entries(value)].map(([key, item]) => `${quoted(key)}: ${repr(item, count)}`).join(', ')}}`;
  if (!LIST.test(value.type)) return value.toString();
  const inside = items(value).map((item) => repr(item, count));
  if (value.type === 'ArrayValue') return `[${inside.join(', ')}]`;
  return inside.length === 1 ? `(${inside[0]},)` : `(${inside.join(', ')})`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };
/** What is escaped: a backslash, and what is no letter, sign or plain space. */
const ESCAPED = /[\\\p{C}\p{Z}]/gu;

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(ESCAPED, (c) => {
    const code = c.codePointAt(0)!;
    const hex = (digits: number) => code.toString(16).padStart(digits, '0');
    if (c === ' ') return c;
    return ESCAPES[c] ?? (code < 256 ? `\\x${hex(2)}` : code < 65536 ? `\\u${hex(4)}` : `\\U${hex(8)}`);
  });
  return quote + escaped.replaceAll(quote, `\\${quote}`) + quote;
}
