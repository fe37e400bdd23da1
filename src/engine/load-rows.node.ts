// Dataset files → token rows for a model, from the command line. Needs no GPU.

import { type Dataset, DEFAULT_LOAD_OPTIONS, loadDataset } from '../data/load-dataset.ts';
import type { ChatTokenizer, Notice, TokenRow } from '../data/types.ts';
import type { BaseModel } from '../model/base-model.ts';
import { openDataFile } from '../storage/node.ts';

export interface LoadedRows {
  readonly dataset: Dataset;
  readonly rows: readonly TokenRow[];
  readonly supervisedTokens: number;
  /** Skipped rows and warnings, in the order of files and lines. */
  readonly notices: readonly Notice[];
}

/** Throws what is wrong with the first file that cannot be read: known before a model is opened, which may take a download. */
export async function checkDataFiles(files: readonly string[]): Promise<void> {
  for (const file of files) await openDataFile(file);
}

/** Reads dataset files into token rows of at most `maxTokens`. A folder without a tokenizer will do for tokenised rows. */
export async function loadRows(
  model: Pick<BaseModel, 'folder' | 'config'>,
  files: readonly string[],
  options: { readonly maxTokens: number; readonly completionOnly: boolean },
): Promise<LoadedRows> {
  const tokenizer = (await model.folder.loadTokenizer?.()) ?? noTokenizer(model.folder.name);
  const sources = await Promise.all(files.map(openDataFile));
  const dataset = await loadDataset(sources, tokenizer, {
    ...DEFAULT_LOAD_OPTIONS,
    ...options,
    vocabularySize: model.config.vocab,
  });
  return {
    dataset,
    rows: dataset.rows,
    supervisedTokens: dataset.supervisedTokens,
    notices: [...dataset.skipped, ...dataset.warnings],
  };
}

/** Stands in for a missing tokenizer.json: refuses text, lets tokenised rows pass. */
export function noTokenizer(name: string): ChatTokenizer {
  const refuse = (): never => {
    throw new Error(`Cannot read text: found no tokenizer.json in "${name}", need one (or rows with input_ids)`);
  };
  return {
    encode: refuse,
    renderChat: refuse,
    hasChatTemplate: false,
    specialTokens: [],
    endOfTurn: [],
    bos: undefined,
  };
}
