// The two errors of this room: a dataset that cannot be used, and one row that cannot. Both say
// what was found and what is needed; what to do about it is the page's to add.
import type { Notice } from './types.ts';

/** What the message of an unreadable file ends with. */
const READABLE_FORMATS = 'JSONL, JSON, CSV, TSV, Parquet or plain text';

/** Nothing of a file (or of all files) can be used. Carries what was noticed on the way, and the columns to pick from. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
  readonly notices: readonly Notice[];
  readonly columns: readonly string[];

  constructor(message: string, details: { notices?: readonly Notice[]; columns?: readonly string[] } = {}) {
    super(message);
    this.notices = details.notices ?? [];
    this.columns = details.columns ?? [];
  }
}

/** One row cannot be used; its message is the reason, without file and line. Caught where rows are counted. */
export class DatasetRowError extends Error {
  override readonly name = 'DatasetRowError';
}

/** `Cannot read "x": found …, need …`; with `line`, the place as a notice too. */
export function cannotRead(file: string, found: string, need = READABLE_FORMATS, line = 0): DatasetError {
  const place = line > 0 ? ` at line ${line}` : '';
  const reason = `${found}, need ${need}`;
  return new DatasetError(`Cannot read "${file}"${place}: ${reason}`, { notices: [{ file, line, reason }] });
}
