// Plain text and Markdown → documents. One file is one document, unless "<|endoftext|>" or form feeds part it.
// Markdown's front matter is data about the page and is left out. Long documents are cut into chunks later, by tokens.
import type { ReadContext } from './read-context.ts';
import type { Row } from './types.ts';

const SEPARATOR = /<\|endoftext\|>|\f/;
const LONGEST_SEPARATOR = '<|endoftext|>';
/** Longer documents are read in parts, so that memory stays bounded: about a million tokens each. */
const MAX_DOCUMENT_CHARS = 4 * 1024 * 1024;

export async function* readDocuments(
  file: string,
  blocks: AsyncIterable<string>,
  isMarkdown: boolean,
  context: ReadContext,
): AsyncGenerator<Row[]> {
  let parts: string[] = [];
  let chars = 0;
  let line = 1;
  let isFirst = true;
  let carry = '';

  const flush = (): Row[] => {
    const whole = parts.join('');
    const body = isFirst && isMarkdown ? whole.slice(frontMatterChars(whole)) : whole;
    // Blank lines around a document belong to its separator.
    const text = body.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd();
    const skipped = whole.slice(0, whole.length - body.length) + body.slice(0, body.indexOf(text));
    const row = { file, line: line + countLineEnds(skipped), fields: new Map([['text', text]]) };
    line += countLineEnds(whole);
    parts = [];
    chars = 0;
    isFirst = false;
    return text.trim() === '' ? [] : [row];
  };
  const add = (part: string) => {
    parts.push(part);
    chars += part.length;
  };

  for await (const block of blocks) {
    await context.breathe();
    const rows: Row[] = [];
    const text = carry + block;
    const pieces = text.split(SEPARATOR);
    const last = pieces.pop()!;
    for (const piece of pieces) {
      add(piece);
      rows.push(...flush());
    }
    // The end of the block may be the first half of a separator.
    carry = startOfSeparator(last);
    add(last.slice(0, last.length - carry.length));
    if (chars > MAX_DOCUMENT_CHARS) {
      context.notices.warn(file, 0, `a document of more than ${MAX_DOCUMENT_CHARS} characters is read in parts`);
      rows.push(...flush());
    }
    yield rows;
  }
  add(carry);
  yield flush();
}

/** The longest end of `text` that a separator could begin with. */
function startOfSeparator(text: string): string {
  const from = text.lastIndexOf('<');
  const end = from < 0 ? '' : text.slice(from);
  return LONGEST_SEPARATOR.startsWith(end) ? end : '';
}

/** Length of the block between "---" lines that a Markdown file may begin with. */
function frontMatterChars(text: string): number {
  return /^---[ \t]*\n(?:(?!---|\.\.\.)[^\n]*\n)*(?:---|\.\.\.)[ \t]*(?:\n|$)/.exec(text)?.[0].length ?? 0;
}

function countLineEnds(text: string): number {
  return text.split('\n').length - 1;
}
