// The command line as a test calls it.

import { vi } from 'vitest';
import { main } from '../main.ts';

/** Exit code, the last line of stdout, all of it, and all of stderr. */
export async function graft(...args: string[]) {
  const lines: string[] = [];
  const errors: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)));
  const error = vi.spyOn(console, 'error').mockImplementation((line) => void errors.push(String(line)));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((line) => Boolean(errors.push(String(line))));
  const code = await main(args);
  for (const spy of [log, error, stderr]) spy.mockRestore();
  return { code, last: lines.at(-1) ?? '', output: lines.join('\n'), errors: errors.join('\n') };
}
