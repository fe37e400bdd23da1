// A file that was chosen and whose bytes do not come: it changed, went away, or may not be read. Nothing is wrong with its rows.
import { DatasetError } from './dataset-error.ts';

/** What a browser's read of a chosen file fails with (w3c.github.io/FileAPI, "Reading a File"). */
const FOUND: Readonly<Record<string, string>> = {
  NotFoundError: 'it gone (moved, renamed or deleted since it was chosen)',
  NotReadableError: 'it changed since it was chosen, or no longer allowed to be read',
  // Chromium's streams of a file that changed or went away say "network error", whichever it was.
  TypeError: 'it changed, moved or deleted since it was chosen',
};

/** Its message is `Cannot read "x": found …, need …`; its notice the same without the name. */
export class UnreadableFileError extends DatasetError {}

/** What to throw when reading bytes of `file` threw `error`: that itself when reading was stopped. */
export function unreadable(file: string, error: unknown): unknown {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  if (error instanceof DatasetError || name === 'AbortError') return error;
  // Node's door has said it already, with the path that was given.
  const [, said] = /^Cannot read ".*?": (.*)$/s.exec(message) ?? [];
  const reason =
    said ?? `found ${FOUND[name] ?? `that it cannot be read (${message})`}, need the file as it is now, chosen again`;
  return new UnreadableFileError(said === undefined ? `Cannot read "${file}": ${reason}` : message, {
    notices: [{ file, line: 0, reason }],
  });
}
