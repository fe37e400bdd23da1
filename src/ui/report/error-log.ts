// The last errors that the page has shown, for the record of a bug report. They live in this tab's memory alone.

export interface NotedError {
  /** ISO 8601. */
  readonly at: string;
  readonly name: string;
  readonly message: string;
  /** Places in Graft's own code, innermost first. */
  readonly frames: readonly string[];
}

/** Enough to see how one led to another. */
const MOST_ERRORS = 30;
const MOST_FRAMES = 8;

const noted: NotedError[] = [];

export function noteError(error: unknown): void {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const frames = stack
    .split('\n')
    .filter((line) => /:\d+:\d+\)?$/.test(line))
    .slice(0, MOST_FRAMES)
    .map((line) => line.trim().replace(/(blob:)?https?:\/\/[^/]+/g, ''));
  noted.push({ at: new Date().toISOString(), name, message, frames });
  if (noted.length > MOST_ERRORS) noted.shift();
}

export function notedErrors(): readonly NotedError[] {
  return noted;
}
