// Data: a dataset as it was read, and its rows as the model sees them.

import type { OnProgress } from './progress.ts';

export type DatasetShape = 'text' | 'prompt-completion' | 'instruction' | 'messages' | 'sharegpt' | 'tokenized';

export interface DatasetMapping {
  readonly shape: DatasetShape;
  readonly columns: {
    readonly text?: string;
    readonly prompt?: string;
    readonly input?: string;
    readonly completion?: string;
    readonly system?: string;
    readonly messages?: string;
    readonly ids?: string;
    readonly labels?: string;
  };
}

export interface DatasetNotice {
  readonly file: string;
  /** From 1; 0 = the whole file. */
  readonly line: number;
  readonly reason: string;
}

export interface DatasetOptions {
  /** Undefined: detect. */
  readonly mapping?: DatasetMapping;
  /** Longest row in tokens. */
  readonly maxTokens: number;
  /** What happens to longer rows: cut at the end, split into several rows (text only), or leave out. */
  readonly longRows: 'truncate' | 'split' | 'drop';
  /** False: prompts are trained on as well. */
  readonly completionOnly: boolean;
  /** False: prompt and completion are joined as plain text even if the base has a chat template. */
  readonly useChatTemplate?: boolean;
}

export interface DatasetReport {
  readonly name: string;
  readonly format: string;
  readonly mapping: DatasetMapping;
  /** All columns seen, for the mapping editor. */
  readonly columns: readonly string[];
  readonly rows: number;
  readonly tokens: number;
  readonly supervisedTokens: number;
  readonly longestRow: number;
  readonly skipped: readonly DatasetNotice[];
  readonly warnings: readonly DatasetNotice[];
  readonly hash: string;
  /** Set when no mapping was found: nothing can be trained on until one is chosen from `columns`. */
  readonly problem?: string;
}

/** A row as the model sees it: one entry a token. */
export interface TokenPreview {
  readonly row: number;
  readonly file: string;
  readonly line: number;
  readonly tokens: readonly { readonly id: number; readonly text: string; readonly supervised: boolean }[];
}

export interface DataApi {
  openDataset(files: readonly File[], options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport>;
  /** The same files read again with other options; nothing is uploaded or re-picked. */
  remapDataset(options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport>;
  previewRows(first: number, count: number): Promise<readonly TokenPreview[]>;
}
