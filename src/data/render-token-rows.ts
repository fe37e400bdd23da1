// An example → token rows: what the trainer computes on, what the preview shows, and what a prompt is when the model is
// asked. One function for all three, so that training and chat never see different tokens.
import { adaptMessages } from './adapt-messages.ts';
import { addSegments, type SegmentEncoder, type SegmentOptions } from './add-segments.ts';
import { DatasetRowError } from './dataset-error.ts';
import { encodePieces, encodePlain, shieldMessages } from './encode-text.ts';
import { type FitOptions, fitRows, type WholeRow } from './fit-rows.ts';
import { joinTurns } from './join-turns.ts';
import { IGNORED_LABEL } from './read-tokenized.ts';
import { renderTurns, type Segment } from './render-turns.ts';
import { TokenRowBuilder } from './token-row-builder.ts';
import type { ChatTokenizer, Example, Message, TokenRow } from './types.ts';

export interface WholeOptions {
  /** Encoding of a chat may stop once it is longer than this. */
  readonly enoughTokens: number;
  /** False: prompts are learned as well. */
  readonly completionOnly: boolean;
  /** False: prompt and completion are joined as plain text even if the tokenizer has a template. Default true. */
  readonly useChatTemplate?: boolean;
  /** Ids of tokenised rows must be below it, when given. */
  readonly vocabularySize?: number;
  /** Told what a user should know about this row. */
  readonly note?: (reason: string, kind?: string) => void;
}

export interface RenderOptions extends Omit<WholeOptions, 'enoughTokens'>, FitOptions {}

/** The rows of an example that fit. Throws DatasetRowError when there are none. */
export function renderTokenRows(example: Example, tokenizer: ChatTokenizer, options: RenderOptions): TokenRow[] {
  if (options.maxTokens < 2) throw new RangeError(`Cannot render rows of ${options.maxTokens} tokens: need at least 2`);
  const whole = [...renderWholeRows(example, tokenizer, { ...options, enoughTokens: options.maxTokens })];
  return fitRows(
    whole.filter((row) => row !== undefined),
    options,
    options.note ?? (() => undefined),
  );
}

/**
 * All tokens of an example, one row for each answer that its template shows by itself. Yields undefined now and then, so that
 * a long text can be worked on in stretches. Throws DatasetRowError when there is nothing to learn.
 */
export function* renderWholeRows(
  example: Example,
  tokenizer: ChatTokenizer,
  options: WholeOptions,
): Generator<WholeRow | undefined, void> {
  if (example.kind === 'text') yield* renderText(example, tokenizer);
  else if (example.kind === 'chat') yield* renderChat(example, tokenizer, options);
  else yield renderTokenized(example, options);
}

/** The ids that a model is given to answer the last message; a training row of the same conversation begins with them. */
export function encodePrompt(messages: readonly Message[], tokenizer: ChatTokenizer, useChatTemplate = true): number[] {
  const builder = new TokenRowBuilder();
  const { segments, encoder } = prepareTurns(messages, tokenizer, useChatTemplate, () => undefined);
  begin(builder, encoder, tokenizer);
  addSegments(builder, segments.at(-1)!, encoder, {
    completionOnly: true,
    endOfTurn: tokenizer.endOfTurn,
    maxTokens: Number.POSITIVE_INFINITY,
    note: () => undefined,
  });
  return [...builder.finish({ file: '', line: 0 }).ids];
}

type Place = { readonly file: string; readonly line: number };

function prepareTurns(
  messages: readonly Message[],
  tokenizer: ChatTokenizer,
  useChatTemplate: boolean,
  note: (reason: string) => void,
): { segments: Segment[][]; encoder: SegmentEncoder } {
  if (!tokenizer.hasChatTemplate || !useChatTemplate) {
    const encode = (text: string, limit?: number) => encodePlain(text, tokenizer, limit);
    return { segments: [joinTurns(messages)], encoder: { encode, lastPart: (text) => text, closesTurns: false } };
  }
  const shield = shieldMessages(messages, tokenizer);
  const adapted = adaptMessages(shield.messages, tokenizer, note);
  return { segments: renderTurns(adapted, tokenizer), encoder: { ...shield, closesTurns: true } };
}

/** A template writes its own beginning-of-sequence token. */
function begin(builder: TokenRowBuilder, encoder: SegmentEncoder, tokenizer: ChatTokenizer): void {
  if (!encoder.closesTurns && tokenizer.bos !== undefined) builder.add([tokenizer.bos], false);
}

function* renderChat(
  example: Place & { readonly messages: readonly Message[] },
  tokenizer: ChatTokenizer,
  options: WholeOptions,
): Generator<WholeRow, void> {
  const note = options.note ?? (() => undefined);
  const useTemplate = options.useChatTemplate ?? true;
  const { segments, encoder } = prepareTurns(example.messages, tokenizer, useTemplate, note);
  const { completionOnly, enoughTokens: maxTokens } = options;
  const segmentOptions: SegmentOptions = { completionOnly, maxTokens, endOfTurn: tokenizer.endOfTurn, note };
  for (const row of segments) {
    if (!row.some(({ kind }) => kind === 'answer')) continue;
    const builder = new TokenRowBuilder();
    begin(builder, encoder, tokenizer);
    const isComplete = addSegments(builder, row, encoder, segmentOptions);
    yield { ...builder.finish(example), isText: false, isComplete };
  }
}

function* renderText(
  example: Place & { readonly text: string },
  tokenizer: ChatTokenizer,
): Generator<WholeRow | undefined, void> {
  const builder = new TokenRowBuilder();
  if (tokenizer.bos !== undefined) builder.add([tokenizer.bos], true);
  for (const ids of encodePieces(example.text, tokenizer)) {
    builder.add(ids, true);
    yield undefined;
  }
  // Where the document ends is learned too.
  builder.add(tokenizer.endOfTurn.slice(0, 1), true);
  yield { ...builder.finish(example), isText: true, isComplete: true };
}

function renderTokenized(
  example: Place & { readonly ids: Int32Array; readonly labels: Int32Array },
  options: WholeOptions,
): WholeRow {
  const { ids, labels } = example;
  const limit = options.vocabularySize ?? Number.POSITIVE_INFINITY;
  const large = ids.findIndex((id) => id >= limit);
  if (large >= 0) throw new DatasetRowError(`token ${large} is the id ${ids[large]}, the vocabulary has ${limit}`);
  const builder = new TokenRowBuilder();
  ids.forEach((id, index) => {
    builder.add([id], !options.completionOnly || labels[index] !== IGNORED_LABEL);
  });
  return { ...builder.finish(example), isText: false, isComplete: true };
}
