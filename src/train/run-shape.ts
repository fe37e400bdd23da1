// The sizes that a run's programs are compiled for.

import { trainedLength, worstColumns } from '../data/make-batch.ts';
import type { TokenRow } from '../data/types.ts';
import { optimizerGroups } from './lora-settings.ts';
import { levelOf, type TrainSettings } from './recipe.ts';

/** T that holds any `batchSize` of the rows, each with `prompt` virtual tokens: what memory is planned for. */
function largestBatch(rows: readonly TokenRow[], settings: Pick<TrainSettings, 'batchSize'>, prompt = 0): number {
  return sizeClass(
    worstColumns(
      rows.map((row) => trainedLength(row) + prompt),
      settings.batchSize,
    ),
  );
}

/** The next of four sizes per octave (multiples of 16): batches of about the same length share a program, padded by at most a quarter. */
export function sizeClass(columns: number): number {
  const step = Math.max(16, 2 ** Math.floor(Math.log2(columns) - 2));
  return Math.ceil(columns / step) * step;
}

/** What a run's steps are compiled for. `prompt`: virtual tokens before each row. */
export function runShape(rows: readonly TokenRow[], settings: TrainSettings, prompt = 0) {
  return {
    columns: largestBatch(rows, settings, prompt),
    positions: rows.reduce((n, r) => Math.max(n, r.ids.length), 1) + prompt,
    dropout: settings.dropout,
    ...optimizerGroups(settings),
    checkpointing: levelOf(settings),
  };
}
