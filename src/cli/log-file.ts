// The file of --log. One that cannot be begun is a mistake to be told at once; a disk that fills up later does not end a run.

import { appendFileSync, writeFileSync } from 'node:fs';

export interface LogFile {
  /** All of it anew. */
  begin(text: string): void;
  add(line: string): void;
}

export function openLogFile(file: string | undefined, say: (line: string) => void): LogFile {
  let hasBegun = false;
  let isBroken = file === undefined;
  const write = (how: (path: string, text: string) => void, text: string) => {
    if (isBroken) return;
    try {
      how(file!, text);
    } catch (error) {
      if (!hasBegun) throw new Error(`Cannot write "${file}": ${(error as Error).message}`);
      isBroken = true;
      say(`Cannot write "${file}": ${(error as Error).message}; the run goes on without it`);
    }
    hasBegun = true;
  };
  return { begin: (text) => write(writeFileSync, text), add: (line) => write(appendFileSync, line) };
}
