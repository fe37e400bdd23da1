// What is to be said about one row, kept with it: when the row is edited, its notes go with its old version.
import type { Notices } from './notice-book.ts';

export class RowNotes implements Notices {
  /** Why the row is not used. */
  skipped: string | undefined;
  readonly warnings: { readonly line: number; readonly reason: string; readonly kind: string | undefined }[] = [];

  get isEmpty(): boolean {
    return this.skipped === undefined && this.warnings.length === 0;
  }

  skip(_file: string, _line: number, reason: string): void {
    this.skipped = reason;
  }

  warn(_file: string, line: number, reason: string, kind?: string): void {
    this.warnings.push({ line, reason, kind });
  }
}
