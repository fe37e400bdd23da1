// Dropped files → the token rows a run trains on, with everything a user should know about them.
import { cannotRead } from './dataset-error.ts';
import { fitRows, type WholeRow } from './fit-rows.ts';
import { hashRows } from './hash-rows.ts';
import { sumBytes, summarizeReports } from './inspect-files.ts';
import { createReadContext } from './read-context.ts';
import { readExamples } from './read-examples.ts';
import { type RenderOptions, renderWholeRows } from './render-token-rows.ts';
import { countSupervised } from './token-row-builder.ts';
import type { ChatTokenizer, DataFile, Mapping, Notice, ReadProgress, TokenRow } from './types.ts';

export interface LoadOptions extends Omit<RenderOptions, 'note'> {
  /** Undefined: detect, file by file. */
  readonly mapping?: Mapping;
}

/** Text is split, other long rows are cut; prompts are not learned. */
export const DEFAULT_LOAD_OPTIONS: LoadOptions = { maxTokens: 256, longRows: 'split', completionOnly: true };

export interface Dataset {
  readonly name: string;
  readonly format: string;
  readonly mapping: Mapping;
  /** All columns seen, for the mapping editor. */
  readonly columns: readonly string[];
  readonly rows: readonly TokenRow[];
  /** Rows of the files that were used; a long text becomes several token rows. usable + skipped = rows seen. */
  readonly usable: number;
  readonly skipped: readonly Notice[];
  readonly warnings: readonly Notice[];
  readonly tokens: number;
  readonly supervisedTokens: number;
  readonly longestRow: number;
  readonly hash: string;
}

/** Most tokens of one dataset: ids and masks take 5 bytes each, and a tab has a few GB. */
const MAX_TOKENS = 200_000_000;

/** Throws DatasetError when nothing can be used, and the signal's reason when cancelled. */
export async function loadDataset(
  files: readonly DataFile[],
  tokenizer: ChatTokenizer,
  options: LoadOptions,
  signal?: AbortSignal,
  onProgress?: (progress: ReadProgress) => void,
): Promise<Dataset> {
  const context = createReadContext(sumBytes(files), signal, onProgress);
  const { notices } = context;
  const rows: TokenRow[] = [];
  let kept = 0;
  let tokens = 0;
  const reports = await readExamples(files, options.mapping, context, {
    async take(example) {
      const note = (reason: string, kind?: string) => notices.warn(example.file, example.line, reason, kind);
      const whole: WholeRow[] = [];
      for (const row of renderWholeRows(example, tokenizer, { ...options, note, enoughTokens: options.maxTokens })) {
        if (row !== undefined) whole.push(row);
        await context.breathe();
      }
      for (const row of fitRows(whole, options, note)) {
        rows.push(row);
        tokens += row.ids.length;
        if (tokens > MAX_TOKENS)
          throw cannotRead(example.file, `found more than ${MAX_TOKENS} tokens`, 'a smaller dataset');
      }
    },
    endFile(isKept) {
      if (isKept) kept = rows.length;
      else rows.length = kept;
    },
  });
  return {
    ...summarizeReports(files, reports),
    rows,
    skipped: notices.skipped,
    warnings: notices.warnings,
    tokens: rows.reduce((sum, row) => sum + row.ids.length, 0),
    supervisedTokens: rows.reduce((sum, row) => sum + countSupervised(row), 0),
    longestRow: rows.reduce((longest, row) => Math.max(longest, row.ids.length), 0),
    hash: await hashRows(rows),
  };
}
