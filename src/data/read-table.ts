// CSV and TSV → rows: with or without a header row, ragged rows named, blank lines passed over.
import { cannotRead } from './dataset-error.ts';
import { hasHeader } from './has-header.ts';
import { NoticeBook } from './notice-book.ts';
import { type CsvDialect, type CsvRecord, parseRecords } from './parse-records.ts';
import type { ReadContext } from './read-context.ts';
import { MAX_COLUMNS } from './row-from-value.ts';
import type { Row } from './types.ts';

/** Records looked at before it is decided whether the first one is a header. */
const HEADER_SAMPLE = 200;

/** Gives the file's text from its beginning, each time it is called. */
export type OpenBlocks = (context: ReadContext) => AsyncIterable<string>;

export async function* readTable(
  file: string,
  openBlocks: OpenBlocks,
  delimiter: string,
  context: ReadContext,
): AsyncGenerator<Row[]> {
  const hasQuotes = delimiter !== '\t' || (await hasTsvQuotes(file, openBlocks, context));
  const records = parseRecords(file, openBlocks(context), { delimiter, hasQuotes });
  let header: readonly string[] | undefined;
  let sample: CsvRecord[] = [];
  for await (const batch of records) {
    sample = sample.concat(batch.filter((record) => !isBlankLine(record)));
    if (header === undefined && sample.length < HEADER_SAMPLE) continue;
    const first = header === undefined;
    header ??= nameColumns(file, sample, context);
    yield await makeRows(file, header, first ? withoutHeader(sample) : sample, context);
    sample = [];
  }
  if (header === undefined && sample.length > 0)
    yield await makeRows(file, nameColumns(file, sample, context), withoutHeader(sample), context);
}

function isBlankLine(record: CsvRecord): boolean {
  return record.cells.length === 1 && record.cells[0]!.trim() === '' && record.openQuoteLine === undefined;
}

function withoutHeader(sample: readonly CsvRecord[]): readonly CsvRecord[] {
  return hasHeader(sample.map((record) => record.cells)) ? sample.slice(1) : sample;
}

/** Names from the header row; nameless and repeated ones are told apart by their place. */
function nameColumns(file: string, sample: readonly CsvRecord[], context: ReadContext): readonly string[] {
  const { cells, line } = sample[0]!;
  if (cells.length > MAX_COLUMNS)
    throw cannotRead(file, `found ${cells.length} columns`, `at most ${MAX_COLUMNS} columns`, line);
  if (!hasHeader(sample.map((record) => record.cells))) {
    context.notices.warn(file, 0, 'no header row found: columns are called "column 1", "column 2", …');
    return cells.map((_, index) => `column ${index + 1}`);
  }
  const seen = new Set<string>();
  return cells.map((cell, index) => {
    const name = cell.trim() || `column ${index + 1}`;
    const unique = seen.has(name) ? `${name} (column ${index + 1})` : name;
    seen.add(unique);
    return unique;
  });
}

async function makeRows(
  file: string,
  header: readonly string[],
  records: readonly CsvRecord[],
  context: ReadContext,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const record of records) {
    await context.breathe();
    if (record.openQuoteLine !== undefined)
      throw cannotRead(file, 'found a quote that opens here and never closes', 'a closing quote', record.openQuoteLine);
    const problem = findProblem(record, header.length);
    if (problem === undefined) rows.push({ file, line: record.line, fields: nameCells(header, record.cells) });
    else context.notices.skip(file, record.line, problem);
  }
  return rows;
}

function findProblem({ cells, hasBadQuote }: CsvRecord, width: number): string | undefined {
  if (hasBadQuote) return 'a quoted field goes on after its closing quote';
  if (cells.every((cell) => cell.trim() === '')) return 'the row is empty';
  // Trailing delimiters without content are harmless; content without a column is not.
  if (cells.length < width || cells.slice(width).some((cell) => cell !== ''))
    return `found ${cells.length} ${cells.length === 1 ? 'field' : 'fields'}, need ${width}`;
  return undefined;
}

function nameCells(header: readonly string[], cells: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  header.forEach((name, index) => {
    // Spreadsheets export columns that are empty from top to bottom; they are no columns to pick.
    if (cells[index] !== '' || !/^column \d+$/.test(name)) fields.set(name, cells[index]!);
  });
  return fields;
}

/**
 * TSV has two traditions: Excel quotes fields as in CSV, most others write quotes as they are. Quoting is believed when
 * it parses, and when doing without it would not give as regular a table.
 */
async function hasTsvQuotes(file: string, openBlocks: OpenBlocks, context: ReadContext): Promise<boolean> {
  const quiet = { ...context, notices: new NoticeBook(), countBytes: () => context.signal?.throwIfAborted() };
  const quoted = await probe(file, openBlocks(quiet), { delimiter: '\t', hasQuotes: true });
  if (quoted.badQuotes > 0) return false;
  const literal = await probe(file, openBlocks(quiet), { delimiter: '\t', hasQuotes: false });
  return quoted.records === literal.records || literal.ragged > quoted.ragged;
}

async function probe(
  file: string,
  blocks: AsyncIterable<string>,
  dialect: CsvDialect,
): Promise<{ records: number; ragged: number; badQuotes: number }> {
  const found = { records: 0, ragged: 0, badQuotes: 0 };
  let width: number | undefined;
  for await (const records of parseRecords(file, blocks, dialect)) {
    for (const record of records) {
      if (isBlankLine(record)) continue;
      width ??= record.cells.length;
      found.records += 1;
      if (record.cells.length !== width) found.ragged += 1;
      if (record.hasBadQuote || record.openQuoteLine !== undefined) found.badQuotes += 1;
    }
  }
  return found;
}
