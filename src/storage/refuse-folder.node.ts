// Where a command may write: never over what it reads, and never over a folder that is something else.

import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';

/** In a folder without adapter_config.json these are somebody else's: a project's README.md, a model's config.json. */
const OTHERS = ['README.md', 'config.json'];

/**
 * Throws a sentence where writing an adapter into `out` would replace a file that is no adapter's; a folder that is not there yet is
 * fine. Returns whether an adapter is there already.
 */
export async function checkAdapterFolder(out: string): Promise<boolean> {
  const names = await readdir(out).catch((): string[] => []);
  if (names.includes('adapter_config.json')) return true;
  const other = OTHERS.find((name) => names.includes(name));
  if (other === undefined) return false;
  throw new Error(
    `Cannot write an adapter into "${out}": found a "${other}" that is no adapter's, need a folder of its own`,
  );
}

/** Throws a sentence where `out` is one of `inputs`, however it is spelled. */
export async function refuseInput(out: string, inputs: readonly string[]): Promise<void> {
  const real = (at: string) => realpath(at).catch(() => path.resolve(at));
  const target = await real(out);
  for (const input of inputs)
    if ((await real(input)) === target)
      throw new Error(`Cannot write "${out}": found that it is what is read ("${input}"), need another place`);
}
