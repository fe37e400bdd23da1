// Collects what a user should know about a dataset. Skipped rows are all listed: a row never disappears silently.
// Warnings of one kind are listed line by line up to a limit and counted after it.
import type { Notice } from './types.ts';

/** Warnings of one kind that are listed one by one: more would bury the others, and nobody reads 5,000 lines. */
const MAX_LISTED = 20;

/** The kind of warning that is listed in full: something of the row is not trained on. */
export const CUT = 'cut';

/** Who is told about rows. */
export interface Notices {
  /** A row that is left out, and why. */
  skip(file: string, line: number, reason: string): void;
  /** A row that is used, with something to know. `kind` groups reasons that differ in detail only. */
  warn(file: string, line: number, reason: string, kind?: string): void;
}

interface Kind {
  readonly file: string;
  readonly reason: string;
  readonly listed: Notice[];
  unlisted: number;
}

export class NoticeBook implements Notices {
  readonly skipped: Notice[] = [];
  readonly #kinds = new Map<string, Kind>();

  skip(file: string, line: number, reason: string): void {
    this.skipped.push({ file, line, reason });
  }

  warn(file: string, line: number, reason: string, kind = reason): void {
    const key = `${file}\n${kind}`;
    const entry = this.#kinds.get(key) ?? { file, reason, listed: [], unlisted: 0 };
    this.#kinds.set(key, entry);
    // The whole file is told once, even if each row brings it up.
    if (line === 0 && entry.listed.length > 0) return;
    if (kind === CUT || entry.listed.length < MAX_LISTED) entry.listed.push({ file, line, reason });
    else entry.unlisted += 1;
  }

  /** All warnings, kind by kind; a long kind ends with the number of lines that are not listed. */
  get warnings(): Notice[] {
    return [...this.#kinds.values()].flatMap(({ file, reason, listed, unlisted }) =>
      unlisted === 0 ? listed : [...listed, { file, line: 0, reason: `${unlisted} more lines like: ${reason}` }],
    );
  }
}
