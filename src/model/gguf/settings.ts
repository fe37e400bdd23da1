// The named values of a GGUF header that describe the model, read with their types checked. What was never asked for is
// refused in the end: a setting that Graft does not know may change every number.

import type { ModelFile } from '../model-file.ts';
import { broken } from './byte-reader.ts';
import type { GgufValue } from './read-header.ts';

export class Settings {
  private readonly asked = new Set<string>();

  constructor(
    private readonly file: ModelFile,
    private readonly metadata: ReadonlyMap<string, GgufValue>,
    /** What the keys of the architecture begin with: "llama". */
    readonly prefix: string,
  ) {}

  /** The number at `<prefix>.<key>`. A list with one entry a layer will do when all are the same. */
  number(key: string): number | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === 'number') return value;
    const list = typeof value === 'object' ? Array.from<unknown>(value) : [];
    const [first] = list;
    if (typeof first === 'number' && list.every((entry) => entry === first)) return first;
    throw this.bad(key, value, 'one number for all layers');
  }

  needNumber(key: string): number {
    const value = this.number(key);
    if (value === undefined) throw broken(this.file, `no "${this.prefix}.${key}"`, 'it in the header');
    return value;
  }

  flag(key: string): boolean | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.bad(key, value, 'true or false');
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.bad(key, value, 'text');
  }

  /** Throws when the key has another value than `need`, which is what its absence means. */
  needSame(key: string, need: GgufValue): void {
    const value = this.get(key);
    if (value !== undefined && value !== need) throw this.bad(key, value, JSON.stringify(need));
  }

  /** Throws for the first key of the architecture that nobody has asked for. */
  refuseUnknown(): void {
    for (const [key, value] of this.metadata)
      if (key.startsWith(`${this.prefix}.`) && !this.asked.has(key))
        throw this.bad(key.slice(this.prefix.length + 1), value, 'a model without it');
  }

  bad(key: string, found: GgufValue, need: string): SyntaxError {
    return broken(this.file, `"${this.prefix}.${key}" ${shown(found)}`, need);
  }

  private get(key: string): GgufValue | undefined {
    const full = `${this.prefix}.${key}`;
    this.asked.add(full);
    return this.metadata.get(full);
  }
}

/** A value in a few words. */
function shown(value: GgufValue): string {
  const text = JSON.stringify(typeof value === 'object' ? Array.from<unknown>(value.slice(0, 8)) : value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
