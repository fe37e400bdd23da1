// Fields of a config.json, checked as they are read: what a family's `parseConfig` is written with. A field that is
// missing, of another kind or beyond its limit is refused by name, with what was found and what works.

import { isObject } from './model-file.ts';

type Json = Readonly<Record<string, unknown>>;

/** No dimension of a language model comes near; stops a broken config before it becomes a buffer size. */
const MAX_SIZE = 2 ** 20;
export const MAX_LAYERS = 512;
/** Contexts are promises, not buffers: up to 10 million tokens are advertised. */
export const MAX_CONTEXT = 2 ** 24;

export class ConfigReader {
  /** `at`: where the object lies in config.json ("rope_scaling."); empty for the file itself. */
  constructor(
    readonly json: Json,
    private readonly at = '',
  ) {}

  /** The first of several spellings that is there; undefined when none is, or all are null. */
  value(...keys: readonly string[]): unknown {
    return this.json[this.spelling(keys)] ?? undefined;
  }

  /** True where `key` is there, be it null: transformers takes its default only for a field that is not there. */
  says(key: string): boolean {
    return this.json[key] !== undefined;
  }

  /** A whole number from 1 to `max`. */
  size(key: string | readonly string[], fallback?: number, max: number = MAX_SIZE): number {
    const name = this.spelling([key].flat());
    const value = this.json[name] ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw this.bad(name, value, `a whole number from 1 to ${max}`);
  }

  positive(key: string | readonly string[], fallback?: number): number {
    const name = this.spelling([key].flat());
    const value = this.json[name] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw this.bad(name, value, 'a number above 0');
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.json[key] ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.bad(key, value, 'true or false');
  }

  /** One of `names`. */
  choice<T extends string>(key: string, names: readonly T[], fallback?: T): T {
    const value = this.json[key] ?? fallback;
    const known = names.find((name) => name === value);
    if (known !== undefined) return known;
    throw this.bad(key, value, oneOf(names));
  }

  /** `length` numbers above 0. */
  numbers(key: string, length: number): readonly number[] {
    const value = this.json[key];
    const isFactor = (x: unknown) => typeof x === 'number' && Number.isFinite(x) && x > 0;
    if (Array.isArray(value) && value.length === length && value.every(isFactor)) return value as number[];
    throw this.bad(key, value, `${length} numbers above 0`);
  }

  /** One id, several, or none. */
  tokenIds(key: string): number[] {
    const value = this.json[key] ?? [];
    const ids: unknown[] = Array.isArray(value) ? value : [value];
    if (ids.every((id): id is number => Number.isInteger(id) && (id as number) >= 0)) return ids;
    // Old Llama files say -1 for "no pad token".
    if (value === -1) return [];
    throw this.bad(key, value, 'token ids from 0');
  }

  /** The object at `key`, undefined when it is not there or null. */
  object(key: string): ConfigReader | undefined {
    const value = this.json[key] ?? undefined;
    if (value === undefined) return undefined;
    if (!isObject(value)) throw this.bad(key, value, 'an object');
    return new ConfigReader(value, `${this.at}${key}.`);
  }

  /** Refuses settings that would change the result and are not built here. Null, false and empty ones change nothing. */
  refuse(...keys: readonly string[]): void {
    for (const key of keys) {
      const value = this.json[key] ?? false;
      const isEmpty = typeof value === 'object' && Object.keys(value as object).length === 0;
      if (value !== false && !isEmpty) throw this.bad(key, value, 'a model without it');
    }
  }

  /** Refuses `key` unless it says `value`, or nothing where `value` is the default. */
  require(key: string, value: string | number | boolean): void {
    const found = this.json[key] ?? value;
    if (found !== value) throw this.bad(key, found, JSON.stringify(value));
  }

  bad(key: string, found: unknown, need: string): RangeError {
    const name = this.at + key;
    const shown = found === undefined ? `no ${name}` : `${name} ${JSON.stringify(found).slice(0, 100)}`;
    return new RangeError(`Cannot open "config.json": found ${shown}, need ${need}`);
  }

  /** The spelling that is there, else the first. */
  private spelling(keys: readonly string[]): string {
    return keys.find((key) => this.json[key] !== undefined && this.json[key] !== null) ?? keys[0]!;
  }
}

/** "a", "b" or "c" */
export function oneOf(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
