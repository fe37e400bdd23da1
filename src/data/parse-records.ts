// Blocks of text → records of a CSV or TSV file with the lines where they begin. papaparse cuts the fields; a record
// that is still open at the end of a block waits for the next one.
import Papa from 'papaparse';
import { cannotRead } from './dataset-error.ts';

export interface CsvRecord {
  /** Physical line where it begins: a quoted field may span several. */
  readonly line: number;
  readonly cells: readonly string[];
  /** A quote inside a quoted field that neither closes it nor is doubled. */
  readonly hasBadQuote: boolean;
  /** The file ends inside a quoted field, which opened at this line. */
  readonly openQuoteLine: number | undefined;
}

export interface CsvDialect {
  readonly delimiter: string;
  /** False: a quote is a letter like any other. */
  readonly hasQuotes: boolean;
}

/** One record: above this a quote was opened by mistake and swallows the file. */
const MAX_RECORD_CHARS = 64 * 1024 * 1024;
/** Parsed at once: large enough that parsing dominates, small enough that a worker answers between two. */
const BLOCK_CHARS = 256 * 1024;

export async function* parseRecords(
  file: string,
  blocks: AsyncIterable<string>,
  dialect: CsvDialect,
): AsyncGenerator<CsvRecord[]> {
  let line = 1;
  let waiting: string[] = [];
  let waitingChars = 0;
  let needChars = BLOCK_CHARS;
  for await (const block of blocks) {
    waiting.push(block);
    waitingChars += block.length;
    if (waitingChars < needChars) continue;
    const { records, rest, nextLine } = parseBlock(waiting.join(''), line, dialect, false);
    line = nextLine;
    if (rest.length > MAX_RECORD_CHARS)
      throw cannotRead(file, `found a row of more than ${MAX_RECORD_CHARS} characters`, 'a closed quote', line);
    waiting = [rest];
    waitingChars = rest.length;
    // A long open record is looked at again only when it has doubled: linear, not quadratic, in its length.
    needChars = Math.max(BLOCK_CHARS, rest.length * 2);
    yield records;
  }
  yield parseBlock(waiting.join(''), line, dialect, true).records;
}

/** Records of `text`; the last one is the rest unless the file ends here. */
function parseBlock(
  text: string,
  firstLine: number,
  dialect: CsvDialect,
  isLast: boolean,
): { records: CsvRecord[]; rest: string; nextLine: number } {
  const records: CsvRecord[] = [];
  let line = firstLine;
  let end = 0;
  let previousEnd = 0;
  let previousLine = firstLine;
  Papa.parse<string[]>(text, {
    delimiter: dialect.delimiter,
    newline: '\n',
    fastMode: dialect.hasQuotes ? undefined : true,
    step({ data, errors, meta }) {
      previousEnd = end;
      previousLine = line;
      const open = errors.find((error) => error.code === 'MissingQuotes');
      records.push({
        line,
        cells: data,
        hasBadQuote: errors.some((error) => error.code === 'InvalidQuotes'),
        openQuoteLine: open && line + countLineEnds(text, end, open.index ?? end),
      });
      line += countLineEnds(text, end, meta.cursor);
      end = meta.cursor;
    },
  });
  if (isLast) return { records, rest: '', nextLine: line };
  records.pop();
  return { records, rest: text.slice(previousEnd), nextLine: previousLine };
}

function countLineEnds(text: string, start: number, end: number): number {
  let count = 0;
  for (let i = text.indexOf('\n', start); i !== -1 && i < end; i = text.indexOf('\n', i + 1)) count += 1;
  return count;
}
