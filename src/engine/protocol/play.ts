// Play: questions and the answers that come token by token, and an evaluation over a small set of rows.

import type { Prompting } from '../../data/prompting.ts';
import type { SamplingSettings } from '../../train/sample.ts';

export type { SamplingSettings } from '../../train/sample.ts';

/** In place of an adapter's id: the adapter of the run that goes on, as it is when the question is asked. */
export const RUNNING_ADAPTER = 'running';
/** One of several that are trained at once, by its run. */
export const runningAdapter = (runId: string) => `${RUNNING_ADAPTER} ${runId}`;
export const isRunningAdapter = (id: string) => id === RUNNING_ADAPTER || id.startsWith(`${RUNNING_ADAPTER} `);

/** Answers side by side: each has a KV cache of its own. */
export const MOST_ANSWERS = 8;

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Who answers. */
export interface Contestant {
  /** `null`: the base alone; else an adapter of the library, or one that is being trained. */
  readonly adapterId: string | null;
  /** 1 = as trained. */
  readonly strength: number;
}

export interface AnswerRequest extends Contestant {
  /** The talk until now, as this answer's column has it; the last message is the question. */
  readonly messages: readonly ChatMessage[];
}

export interface GenerateRequest {
  /** Through the model's chat template; else the messages' text, joined, is continued as it is. */
  readonly chat: boolean;
  /** How a chat's questions are put. */
  readonly prompting?: Prompting | undefined;
  /** Side by side in one batch. */
  readonly answers: readonly AnswerRequest[];
  readonly maxTokens: number;
  /** An answer ends before the first of these in its text. */
  readonly stopTexts?: readonly string[];
  readonly sampling: SamplingSettings;
}

/** A piece of an answer: one token, or several when only together they make a character. */
export interface AnswerPiece {
  readonly text: string;
  /** By the model's own distribution, before temperature; the product where there are several tokens. */
  readonly probability: number;
  /** The likeliest tokens at its last place, best first. */
  readonly likeliest: readonly { readonly text: string; readonly probability: number }[];
}

export interface GenerateEvent {
  /** Which entry of `answers`. */
  readonly answer: number;
  /** What is new since the last event; never half a character. */
  readonly piece: AnswerPiece | undefined;
  readonly done: boolean;
  /** Why it ended, when done. */
  readonly reason: 'end-of-turn' | 'stop-text' | 'length' | 'stopped' | undefined;
  readonly tokensPerSecond: number;
}

/** One row of an evaluation. */
export interface EvalRow {
  /** A question; or, when `isRendered`, the text of a training row before its answer, as the template made it. */
  readonly prompt: string;
  readonly expected: string;
  readonly isRendered: boolean;
}

export interface EvaluateRequest {
  readonly rows: readonly EvalRow[];
  readonly chat: boolean;
  /** How a chat's questions are put that are not rendered already. */
  readonly prompting?: Prompting | undefined;
  readonly contestants: readonly Contestant[];
  /** 0: only the expected answers are scored. */
  readonly maxTokens: number;
  readonly sampling: SamplingSettings;
}

/** What came of one row, an entry a contestant. */
export interface EvalRowResult {
  readonly row: number;
  readonly answers: readonly string[];
  /** Of the expected answer with its end of turn: the sum of -ln p over its tokens. */
  readonly lossSums: readonly number[];
  readonly tokens: number;
}

export interface PlayApi {
  /** While a run goes on, answers are made between its steps. A new question ends the one before. */
  generate(request: GenerateRequest, onEvent: (event: GenerateEvent) => void): Promise<void>;
  /** Rows in order, each told when it is done. */
  evaluate(request: EvaluateRequest, onRow: (result: EvalRowResult) => void): Promise<void>;
  /** Ends answers or an evaluation; its call resolves. */
  stopGenerating(): Promise<void>;
  /** Up to `count` of the rows that a run with these settings holds back. */
  heldBackRows(
    settings: { readonly validationSplit: number; readonly seed: number },
    count: number,
  ): Promise<readonly EvalRow[]>;
}
