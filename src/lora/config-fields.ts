// Fields of an adapter_config.json as its readers check them: the value, or a RangeError that names field and need.

export type Json = Readonly<Record<string, unknown>>;

export function bad(key: string, found: unknown, need: string): RangeError {
  const shown = found === undefined ? `no ${key}` : `${key} ${JSON.stringify(found).slice(0, 100)}`;
  return new RangeError(`Cannot read "adapter_config.json": found ${shown}, need ${need}`);
}

export function text(json: Json, key: string): string | null {
  const value = json[key] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw bad(key, value, 'text or null');
}

export function flag(json: Json, key: string, absent = false): boolean {
  const value = json[key] ?? absent;
  if (typeof value === 'boolean') return value;
  throw bad(key, value, 'true or false');
}

export function finite(key: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw bad(key, value, 'a number');
}

/** From 1 to `most`. */
export function size(key: string, value: unknown, most: number): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) return value as number;
  throw bad(key, value, `a whole number from 1 to ${most}`);
}

/** A list of names, one text (a regular expression), or null. */
export function names(json: Json, key: string): readonly string[] | string | null {
  const value = json[key] ?? null;
  if (value === null || typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  throw bad(key, value, 'names, a regular expression or null');
}

export function moduleNames(value: unknown): readonly string[] | null {
  if (value === null) return null;
  if (Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== ''))
    return value.length === 0 ? null : value;
  throw bad('modules_to_save', value, 'names of modules or null');
}

/** PEFT adds a trained classifier to these, whatever the file says. */
export function refuseClassifier({ task_type }: Json): void {
  if (task_type === 'SEQ_CLS' || task_type === 'TOKEN_CLS') throw bad('task_type', task_type, '"CAUSAL_LM"');
}
