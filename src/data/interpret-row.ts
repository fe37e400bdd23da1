// One row of a dataset → its tokens, before anyone asks how long a row may be, and what is to be said about it.
import { DatasetRowError } from './dataset-error.ts';
import type { Entry } from './fit-entry.ts';
import type { WholeRow } from './fit-rows.ts';
import type { ReadContext } from './read-context.ts';
import { hashExample } from './read-examples.ts';
import { renderWholeRows } from './render-token-rows.ts';
import type { RowNotes } from './row-notes.ts';
import type { ChatTokenizer, Example } from './types.ts';

export interface InterpretOptions {
  readonly completionOnly: boolean;
  readonly useChatTemplate?: boolean | undefined;
  readonly vocabularySize?: number | undefined;
  /** Encoding may stop here. */
  readonly enoughTokens: number;
}

/** @param example undefined: the row cannot be used, as `notes` say. Breathes between the rows of a long text. */
export async function interpretRow(
  example: Example | undefined,
  notes: RowNotes,
  tokenizer: ChatTokenizer,
  options: InterpretOptions,
  context: Pick<ReadContext, 'breathe'>,
): Promise<Entry> {
  if (example === undefined) return { whole: [], notes, hash: 0 };
  const { completionOnly, useChatTemplate = true, vocabularySize, enoughTokens } = options;
  const whole: WholeRow[] = [];
  try {
    for (const row of renderWholeRows(example, tokenizer, {
      ...{ completionOnly, useChatTemplate, enoughTokens },
      note: (reason: string, kind?: string) => notes.warn(example.file, example.line, reason, kind),
      ...(vocabularySize !== undefined && { vocabularySize }),
    })) {
      if (row !== undefined) whole.push(row);
      await context.breathe();
    }
  } catch (error) {
    if (!(error instanceof DatasetRowError)) throw error;
    notes.skip(example.file, example.line, error.message);
  }
  return { whole: notes.skipped === undefined ? whole : [], notes, hash: hashExample(example) };
}
