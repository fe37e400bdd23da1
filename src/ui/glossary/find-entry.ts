import { type Entry, glossary } from './words.ts';

const byName = new Map(glossary.flatMap((entry) => entry.names.map((name) => [name.toLowerCase(), entry] as const)));

/** The entry that any of the names belongs to. */
export function findEntry(...names: readonly (string | undefined)[]): Entry | undefined {
  for (const name of names) {
    const entry = name === undefined ? undefined : byName.get(name.toLowerCase());
    if (entry !== undefined) return entry;
  }
  return undefined;
}
