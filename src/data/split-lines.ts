// Blocks of text → lines with their numbers. A very long line is put together once, not once per block.
export interface Line {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** True: longer than the limit, text is empty. */
  readonly isTooLong: boolean;
}

/** Longest line that is kept: one row of 64 million characters would need more tokens than any model reads. */
export const MAX_LINE_CHARS = 64 * 1024 * 1024;

/** Yields the lines that each block completes; the last line needs no line end. */
export async function* splitLines(blocks: AsyncIterable<string>, maxChars = MAX_LINE_CHARS): AsyncGenerator<Line[]> {
  let line = 0;
  let waiting: string[] = [];
  let waitingChars = 0;
  const add = (part: string) => {
    waitingChars += part.length;
    if (waitingChars <= maxChars) waiting.push(part);
    else waiting = [];
  };
  const take = (): Line => {
    const isTooLong = waitingChars > maxChars;
    const text = waiting.join('');
    waiting = [];
    waitingChars = 0;
    line += 1;
    return { line, text, isTooLong };
  };
  for await (const block of blocks) {
    const parts = block.split('\n');
    const rest = parts.pop()!;
    const lines = parts.map((part) => {
      add(part);
      return take();
    });
    if (rest !== '') add(rest);
    if (lines.length > 0) yield lines;
  }
  if (waitingChars > 0) yield [take()];
}
