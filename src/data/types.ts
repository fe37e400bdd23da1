// The types of src/data, one per arrow of the flow: file → row → conversation → token row → batch.
// Pure: nothing here knows of a GPU, a model family or a page.

/** A dataset file: the browser's `File` fits as it is, and Node's files are wrapped. */
export interface DataFile {
  readonly name: string;
  readonly size: number;
  stream(): ReadableStream<Uint8Array>;
  /** Random access, for Parquet, whose index is at its end. */
  slice?(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** Something the user should know about one place in a file. `line` counts from 1; 0 means the whole file. */
export interface Notice {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** One record of a file, before anyone has decided what its fields mean. Own properties only. */
export interface Row {
  readonly file: string;
  readonly line: number;
  readonly fields: ReadonlyMap<string, unknown>;
}

export type FileFormat = 'jsonl' | 'json' | 'csv' | 'tsv' | 'text' | 'markdown' | 'parquet';

/** How far a long read has come. */
export interface ReadProgress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes';
}

/** What rows are made into. */
export type Shape = 'text' | 'prompt-completion' | 'instruction' | 'messages' | 'sharegpt' | 'template' | 'tokenized';

/** The user's templates for prompt and answer, with {{column}} for a column's value. */
export interface PromptTemplate {
  readonly prompt: string;
  readonly completion: string;
}

/** Which column plays which part; detected, shown, correctable. Absent parts are not in the data. */
export interface Mapping {
  readonly shape: Shape;
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
  /** Only for the shape `template`. */
  readonly template?: PromptTemplate;
}

export type Role = 'system' | 'user' | 'assistant' | 'tool';
export interface Message {
  readonly role: Role;
  readonly content: string;
  /** An assistant turn that the file marks as not to be learned (`weight: 0`): read, never supervised. */
  readonly isContext?: true;
}

/** A row with its fields interpreted. */
export type Example = { readonly file: string; readonly line: number } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'chat'; readonly messages: readonly Message[] }
  | { readonly kind: 'tokenized'; readonly ids: Int32Array; readonly labels: Int32Array }
);

/** What src/data needs from a tokenizer and its chat template; src/model implements it. */
export interface ChatTokenizer {
  /** Token ids of `text`; with `special` false, markers such as `<|im_end|>` inside it are read as plain text. */
  encode(text: string, options: { readonly special: boolean }): readonly number[];
  /** The template's rendering. `generationPrompt` adds the opening of an assistant turn. Throws when the template refuses. */
  renderChat(messages: readonly Message[], options: { readonly generationPrompt: boolean }): string;
  /** False: prompt and completion are joined as plain text. */
  readonly hasChatTemplate: boolean;
  /** Strings of all special tokens, for splitting rendered text. */
  readonly specialTokens: readonly string[];
  /** The ids that end a turn (generation_config's and tokenizer_config's eos); the first one closes plain-text completions. */
  readonly endOfTurn: readonly number[];
  /** Prepended to plain text when the tokenizer's own rules say so. */
  readonly bos: number | undefined;
}

/** An example as the model sees it. ids[i] is a target when mask[i] = 1 (the model is asked for it at position i-1). */
export interface TokenRow {
  readonly file: string;
  readonly line: number;
  readonly ids: Int32Array;
  /** 1 = supervised. Same length as ids. */
  readonly mask: Uint8Array;
}

/**
 * One step's input: whole rows laid side by side along the token axis T, the rest padding.
 *
 * ```
 * ids           7 8 9 | 4 5 | 0 0
 * positions     0 1 2   0 1   0 0
 * segmentStart  0 0 0   3 3   5 6     first column of the document that column t belongs to
 * segmentEnd    3 3 3   5 5   6 7     one past its last column; every padding column is a document of its own
 * targets       columns 0 1 | 3 → ids 8 9 | 5
 * ```
 */
export interface Batch {
  /** T, a multiple of 4. */
  readonly columns: number;
  readonly ids: Uint32Array;
  readonly positions: Uint32Array;
  readonly segmentStart: Uint32Array;
  readonly segmentEnd: Uint32Array;
  /** (T) the first `supervised` entries count: column whose logits are judged, ascending … */
  readonly targetColumns: Uint32Array;
  /** (T) … and the token id asked for there. */
  readonly targetIds: Uint32Array;
  readonly supervised: number;
  /** Columns that are not padding. */
  readonly tokens: number;
  /** Which rows of the dataset these are. */
  readonly rows: readonly number[];
}
