// Files → examples, one after another: nothing but the example at hand is kept. Counts what repeats, names what fails.
import { DatasetError, DatasetRowError } from './dataset-error.ts';
import { detectMapping } from './detect-mapping.ts';
import { hashNumbers, hashText } from './hash-text.ts';
import { openRows } from './open-rows.ts';
import type { ReadContext } from './read-context.ts';
import { MAX_COLUMNS } from './row-from-value.ts';
import { toExample } from './to-example.ts';
import type { DataFile, Example, FileFormat, Mapping, Notice, Row } from './types.ts';

/** Rows that vote on the mapping: enough to outvote a few odd ones at the top. */
export const SAMPLE_ROWS = 500;
export const TEXT_MAPPING: Mapping = { shape: 'text', columns: { text: 'text' } };

export interface FileReport {
  readonly file: string;
  readonly format: FileFormat;
  readonly mapping: Mapping;
  readonly columns: readonly string[];
  /** Examples that were used. */
  readonly usable: number;
}

/** Who examples are read for. */
export interface ExampleTaker {
  /** May throw DatasetRowError to refuse an example. */
  take(example: Example): void | Promise<void>;
  /** After each file; not kept: it broke off, and its examples do not count. */
  endFile(isKept: boolean): void;
}

/**
 * Reads all files. One that cannot be read is named among the skipped, unless none can: then the first one's DatasetError
 * is thrown.
 */
export async function readExamples(
  files: readonly DataFile[],
  mapping: Mapping | undefined,
  context: ReadContext,
  taker: ExampleTaker,
): Promise<FileReport[]> {
  const reports: FileReport[] = [];
  let failure: DatasetError | undefined;
  for (const file of files) {
    try {
      reports.push(await readFile(file, mapping, context, taker));
      taker.endFile(true);
    } catch (error) {
      if (!(error instanceof DatasetError)) throw error;
      taker.endFile(false);
      failure ??= error;
      skipFile(file.name, error, context);
    }
  }
  if (reports.length === 0)
    throw failure ?? new DatasetError('Cannot read a dataset: found no file, need at least one');
  return reports;
}

/** Of a file without a usable row every row is listed already; else its error is. */
function skipFile(file: string, error: DatasetError, { notices }: ReadContext): void {
  const listed = new Set(notices.skipped);
  if (error.notices.some((notice) => listed.has(notice))) return;
  const [first] = error.notices;
  notices.skip(file, first?.line ?? 0, `the file is left out: ${first?.reason ?? error.message}`);
}

async function readFile(
  file: DataFile,
  given: Mapping | undefined,
  context: ReadContext,
  taker: ExampleTaker,
): Promise<FileReport> {
  const skippedBefore = context.notices.skipped.length;
  const { format, rows } = await openRows(file, context);
  const isProse = format === 'text' || format === 'markdown';
  const columns = new Set<string>();
  const repeats = { seen: new Set<number>(), count: 0 };
  let mapping = isProse ? TEXT_MAPPING : given;
  let waiting: readonly Row[] = [];
  let usable = 0;

  const use = async (batch: readonly Row[]) => {
    for (const row of batch) {
      await context.breathe();
      for (const name of row.fields.keys()) if (columns.size < MAX_COLUMNS) columns.add(name);
      const example = toExample(row, mapping!, context.notices, { isMixed: given === undefined });
      if (example !== undefined && (await tryUse(example, context, taker))) {
        usable += 1;
        countRepeat(example, repeats);
      }
    }
  };
  const detect = () => {
    const detected = detectMapping(waiting);
    if (detected.warning !== undefined) context.notices.warn(file.name, 0, detected.warning);
    return detected.mapping;
  };

  for await (const batch of rows) {
    waiting = waiting.length === 0 ? batch : waiting.concat(batch);
    if (mapping === undefined && waiting.length < SAMPLE_ROWS) continue;
    mapping ??= detect();
    await use(waiting);
    waiting = [];
  }
  if (waiting.length > 0) {
    mapping ??= detect();
    await use(waiting);
  }
  const skipped = context.notices.skipped.slice(skippedBefore);
  if (usable === 0 || mapping === undefined) throw nothingUsable(file.name, isProse, skipped, [...columns]);
  if (repeats.count > 0) context.notices.warn(file.name, 0, `${repeats.count} of ${usable} rows repeat an earlier row`);
  return { file: file.name, format, mapping, columns: [...columns], usable };
}

async function tryUse(example: Example, context: ReadContext, taker: ExampleTaker): Promise<boolean> {
  try {
    await taker.take(example);
    return true;
  } catch (error) {
    if (!(error instanceof DatasetRowError)) throw error;
    context.notices.skip(example.file, example.line, error.message);
    return false;
  }
}

/** The same for examples that say the same. */
export function hashExample(example: Example): number {
  if (example.kind === 'text') return hashText(example.text);
  if (example.kind === 'tokenized') return hashNumbers(example.ids, example.labels);
  return hashText(example.messages.map((message) => `${message.role}\n${message.content}`).join('\0'));
}

function countRepeat(example: Example, repeats: { readonly seen: Set<number>; count: number }): void {
  const hash = hashExample(example);
  if (repeats.seen.has(hash)) repeats.count += 1;
  else repeats.seen.add(hash);
}

/** Reasons that a message names, and lines for each: the notices have them all. */
const MAX_REASONS = 3;
const MAX_LINES = 8;

export function nothingUsable(
  file: string,
  isProse: boolean,
  skipped: readonly Notice[],
  columns: readonly string[],
): DatasetError {
  const linesOf = new Map<string, number[]>();
  for (const { line, reason } of skipped) linesOf.set(reason, [...(linesOf.get(reason) ?? []), line]);
  const reasons = [...linesOf].slice(0, MAX_REASONS).map(([reason, lines]) => {
    const more = lines.length > MAX_LINES ? ', …' : '';
    return `${lines.length > 1 ? 'lines' : 'line'} ${lines.slice(0, MAX_LINES).join(', ')}${more}: ${reason}`;
  });
  if (linesOf.size > MAX_REASONS) reasons.push('…');
  let found = isProse ? 'no text' : 'no rows';
  if (skipped.length > 0)
    found = `${skipped.length} ${skipped.length === 1 ? 'row, which cannot be used' : 'rows, of which none can be used'} (${reasons.join('; ')})`;
  return new DatasetError(`Cannot read "${file}": found ${found}, need at least one row with text to learn from`, {
    notices: skipped,
    columns,
  });
}
