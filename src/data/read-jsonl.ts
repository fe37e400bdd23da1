// JSONL: one object a line. A bad line is named and left out; the next line starts afresh.
import type { ReadContext } from './read-context.ts';
import { rowFromValue } from './row-from-value.ts';
import { MAX_LINE_CHARS, splitLines } from './split-lines.ts';
import type { Row } from './types.ts';

export async function* readJsonl(
  file: string,
  blocks: AsyncIterable<string>,
  context: ReadContext,
): AsyncGenerator<Row[]> {
  for await (const lines of splitLines(blocks)) {
    const rows: Row[] = [];
    for (const { line, text, isTooLong } of lines) {
      await context.breathe();
      if (isTooLong) context.notices.skip(file, line, `longer than ${MAX_LINE_CHARS} characters`);
      else if (text.trim() !== '') {
        const made = parseLine(file, line, text);
        if (typeof made === 'string') context.notices.skip(file, line, made);
        else rows.push(made);
      }
    }
    yield rows;
  }
}

function parseLine(file: string, line: number, text: string): Row | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return describeBroken(text.trim());
  }
  return rowFromValue(file, line, value);
}

/** Engines word syntax errors differently, and all quote the row at length; these are the usual causes. */
function describeBroken(text: string): string {
  if (text.includes('\0')) return 'not valid JSON: holds NUL bytes';
  if (text.endsWith('},')) return 'not valid JSON: a comma after the object';
  if (/^\{\s*'/.test(text)) return 'not valid JSON: names and texts need double quotes';
  if (text.startsWith('{') && !text.endsWith('}')) return 'not valid JSON: cut off';
  return 'not valid JSON';
}
