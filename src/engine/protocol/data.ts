// Data: a dataset as it was read, and its rows as the model sees them.

import type { FindingKind } from '../../data/doctor/check-up.ts';
import type { LengthHistogram } from '../../data/length-histogram.ts';
import type { Prompting } from '../../data/prompting.ts';
import type { Mapping as DatasetMapping } from '../../data/types.ts';
import type { OnProgress } from './progress.ts';

export type { FindingKind } from '../../data/doctor/check-up.ts';
export type { LengthHistogram } from '../../data/length-histogram.ts';
export type { Prompting } from '../../data/prompting.ts';
export type { Mapping as DatasetMapping, Shape as DatasetShape } from '../../data/types.ts';

export interface DatasetNotice {
  readonly file: string;
  /** From 1; 0 = the whole file. */
  readonly line: number;
  readonly reason: string;
}

export type NoticeList = 'skipped' | 'warnings';

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
  /** Put before every chat that has no system message of its own. */
  readonly systemPrompt?: string;
}

export interface DatasetReport {
  readonly name: string;
  /** Files that the rows come from; those written by hand are one. */
  readonly files: number;
  readonly format: string;
  readonly mapping: DatasetMapping;
  /** All columns seen, for the mapping editor. */
  readonly columns: readonly string[];
  /** As the model sees them: a long text becomes several. */
  readonly rows: number;
  /** Rows in the table, used or not. */
  readonly tableRows: number;
  /** Rows in the table that have no tokens yet, because reading was stopped; `remapDataset` goes on with them. */
  readonly pending: number;
  /** Grows with every change: what was asked for an older version is outdated. */
  readonly version: number;
  /** What the last change was, and what could be made again. */
  readonly undo?: string;
  readonly redo?: string;
  readonly tokens: number;
  readonly supervisedTokens: number;
  readonly longestRow: number;
  /** Where there are several files: those that its rows came from, with how many. */
  readonly rowFiles: readonly { readonly name: string; readonly rows: number }[];
  /** How many; `notices` has them, window by window. */
  readonly skipped: number;
  readonly warnings: number;
  /** How all its rows put a question; absent when they do not do it alike. */
  readonly prompting?: Prompting;
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

/** Which rows of the table are asked for, and in which order. */
export interface TableQuery {
  /** Case does not matter; empty: all. */
  readonly search: string;
  readonly show: 'all' | 'used' | 'skipped' | 'edited' | FindingKind | RankGroup;
  readonly sort: 'file' | 'longest' | 'hardest' | 'easiest';
}

export interface TableRow {
  /** Its place in the dataset, for as long as it is open. */
  readonly index: number;
  readonly file: string;
  readonly line: number;
  /** The beginning of what the model reads, and of what it learns; text has no prompt. */
  readonly prompt: string;
  readonly answer: string;
  /** Before anything is cut; undefined until it is read into tokens. */
  readonly tokens: number | undefined;
  /** The first of its rows in `previewRows`; undefined when it has none. */
  readonly tokenRow: number | undefined;
  /** Why it is not used. */
  readonly skipped: string | undefined;
  readonly isEdited: boolean;
  readonly side: 'train' | 'validation' | undefined;
  /** Mean loss of its answer's tokens under the base, once rows are ranked. */
  readonly loss: number | undefined;
}

export interface TableWindow {
  /** Rows that the query finds. */
  readonly total: number;
  readonly version: number;
  readonly first: number;
  readonly rows: readonly TableRow[];
}

export type Fields = readonly (readonly [name: string, value: unknown])[];

/** How a row of the table would read under a mapping that is being tried. */
export interface MappingTrial {
  readonly file: string;
  readonly line: number;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  /** The same through the base's chat template, or as it is joined without one. */
  readonly rendered: string;
  /** Why the row could not be used. */
  readonly problem: string | undefined;
}

export interface SplitSettings {
  readonly validationSplit: number;
  readonly seed: number;
}

/** Something that data doctor has found. */
export interface Finding {
  readonly kind: FindingKind;
  /** Rows that it concerns. */
  readonly rows: number;
  readonly examples: readonly {
    readonly index: number;
    readonly file: string;
    readonly line: number;
    readonly text: string;
  }[];
}

export type RankGroup = 'known' | 'hardest' | 'mislabelled';

export interface Ranking {
  readonly scored: number;
  readonly medianLoss: number;
  readonly groups: Readonly<Record<RankGroup, number>>;
  readonly version: number;
}

export interface DataApi {
  /** Reads files into a table of rows, and rows into tokens. Stopped by `cancelReading`, it resolves with what there is. */
  openDataset(files: readonly File[], options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport>;
  /** More files, behind the rows that are there. */
  addFiles(files: readonly File[], options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport>;
  /** The same rows with other options, or the rows that wait; nothing is uploaded or re-picked, no edit is lost. */
  remapDataset(options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport>;
  /** The dataset of the last visit with its edits, at this length; undefined when none was open. */
  restoreDataset(
    maxTokens: number,
    onProgress: OnProgress,
  ): Promise<{ readonly report: DatasetReport; readonly options: DatasetOptions } | undefined>;
  cancelReading(): Promise<void>;
  /** Also for the next visit. */
  closeDataset(): Promise<void>;
  /** What is to be known about rows that are left out, or used with something to know. */
  notices(list: NoticeList, first: number, count: number): Promise<readonly DatasetNotice[]>;
  /** SHA-256 of what is trained on. */
  datasetHash(): Promise<string>;
  previewRows(first: number, count: number): Promise<readonly TokenPreview[]>;

  queryRows(query: TableQuery, split: SplitSettings, first: number, count: number): Promise<TableWindow>;
  rowFields(index: number): Promise<Fields>;
  editRow(index: number, fields: Fields): Promise<DatasetReport>;
  deleteRows(indices: readonly number[]): Promise<DatasetReport>;
  /** All rows that the query finds, as one step that can be undone. */
  deleteFound(query: TableQuery, split: SplitSettings): Promise<DatasetReport>;
  /** Opens a dataset of its own when there is none. */
  addRow(fields: Fields, options: DatasetOptions): Promise<DatasetReport>;
  undo(): Promise<DatasetReport>;
  redo(): Promise<DatasetReport>;
  /** The table as JSONL, edits and all. */
  exportRows(): Promise<Blob>;

  tryMapping(
    mapping: DatasetMapping | undefined,
    systemPrompt: string,
    count: number,
  ): Promise<readonly MappingTrial[]>;
  lengths(maxTokens: number): Promise<LengthHistogram>;
  splitRows(split: SplitSettings): Promise<{ readonly train: number; readonly validation: number }>;

  /** Looks for what is wrong with the data; changes nothing. Rejects when cancelled by `cancelCheck`. */
  checkUp(split: SplitSettings, onProgress: OnProgress): Promise<readonly Finding[]>;
  cancelCheck(): Promise<void>;
  /** Mends what the last check has found of this kind, as one step that can be undone. */
  fix(kind: FindingKind, split: SplitSettings): Promise<DatasetReport>;

  /** Scores every row under the base. Rejects when cancelled by `cancelRanking`. */
  rankRows(onProgress: OnProgress): Promise<Ranking>;
  cancelRanking(): Promise<void>;
}
