// An example → token rows: what the trainer computes on, what the preview shows, and what a prompt is when the model is
// asked. One function for all three, so that training and chat never see different tokens.
//
// A long text becomes several rows; each begins with the last token of the one before, as context:
//   document   a b c d e f g <eos>      rows of 4   a b c d | d e f g | g <eos>
//   supervised   b c d e f g <eos>                  0 1 1 1   0 1 1 1   0   1
import { adaptMessages } from './adapt-messages.ts';
import { addSegments, type SegmentEncoder, type SegmentOptions } from './add-segments.ts';
import { DatasetRowError } from './dataset-error.ts';
import { encodePieces, encodePlain, shieldMessages } from './encode-text.ts';
import { joinTurns } from './join-turns.ts';
import { CUT } from './notice-book.ts';
import { IGNORED_LABEL } from './read-tokenized.ts';
import { renderTurns, type Segment } from './render-turns.ts';
import { countSupervised, TokenRowBuilder } from './token-row-builder.ts';
import type { ChatTokenizer, Example, Message, TokenRow } from './types.ts';

export interface RenderOptions {
  /** Longest row in tokens, at least 2. */
  readonly maxTokens: number;
  /** Longer rows: cut at the end, split into several (text; others are cut), or left out. */
  readonly longRows: 'truncate' | 'split' | 'drop';
  /** False: prompts are learned as well. */
  readonly completionOnly: boolean;
  /** False: prompt and completion are joined as plain text even if the tokenizer has a template. Default true. */
  readonly useChatTemplate?: boolean;
  /** Ids of tokenised rows must be below it, when given. */
  readonly vocabularySize?: number;
  /** Told what a user should know about this row. */
  readonly note?: (reason: string, kind?: string) => void;
}

/** Rows as they are made, so that a long text can be worked on in stretches. Throws DatasetRowError when there are none. */
export function* renderTokenRows(
  example: Example,
  tokenizer: ChatTokenizer,
  options: RenderOptions,
): Generator<TokenRow, void> {
  if (options.maxTokens < 2) throw new RangeError(`Cannot render rows of ${options.maxTokens} tokens: need at least 2`);
  if (example.kind === 'text') yield* renderText(example, tokenizer, options);
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
  options: RenderOptions,
): Generator<TokenRow, void> {
  const note = options.note ?? (() => undefined);
  const useTemplate = options.useChatTemplate ?? true;
  const { segments, encoder } = prepareTurns(example.messages, tokenizer, useTemplate, note);
  const segmentOptions: SegmentOptions = { ...options, endOfTurn: tokenizer.endOfTurn, note };
  const learned = segments.filter((row) => row.some(({ kind }) => kind === 'answer'));
  let made = 0;
  let refusal: DatasetRowError | undefined;
  for (const row of learned) {
    const builder = new TokenRowBuilder();
    begin(builder, encoder, tokenizer);
    const isComplete = addSegments(builder, row, encoder, segmentOptions);
    try {
      yield fitRow(builder, isComplete, example, options);
      made += 1;
    } catch (error) {
      if (!(error instanceof DatasetRowError)) throw error;
      refusal = error;
    }
  }
  if (made === 0) throw refusal ?? new DatasetRowError('no assistant turn to learn from');
  if (refusal !== undefined)
    note(`${learned.length - made} of ${learned.length} answers are left out: ${refusal.message}`, CUT);
}

function fitRow(builder: TokenRowBuilder, isComplete: boolean, place: Place, options: RenderOptions): TokenRow {
  const { maxTokens, longRows } = options;
  const row = builder.finish(place, Math.min(builder.length, maxTokens));
  const isCut = builder.length > maxTokens;
  const tokens = `${isComplete ? '' : 'more than '}${builder.length} tokens`;
  if (isCut && longRows === 'drop') throw new DatasetRowError(`has ${tokens}, the limit is ${maxTokens}`);
  if (countSupervised(row) === 0)
    throw new DatasetRowError(
      isCut ? `has ${tokens}: nothing of the answer fits into the first ${maxTokens}` : 'no token to learn',
    );
  if (isCut) options.note?.(`has ${tokens} and is cut to ${maxTokens}`, CUT);
  return row;
}

function* renderText(
  example: Place & { readonly text: string },
  tokenizer: ChatTokenizer,
  { maxTokens, longRows, note }: RenderOptions,
): Generator<TokenRow, void> {
  let builder = new TokenRowBuilder();
  let isFirst = true;
  for (const ids of documentIds(example.text, tokenizer)) {
    for (let start = 0; start < ids.length; ) {
      if (builder.length === maxTokens) {
        if (longRows === 'drop') throw new DatasetRowError(`has more than ${maxTokens} tokens, which is the limit`);
        const row = builder.finish(example);
        yield row;
        if (longRows === 'truncate') return note?.(`has more than ${maxTokens} tokens and is cut there`, CUT);
        isFirst = false;
        builder = new TokenRowBuilder();
        builder.add([row.ids.at(-1)!], false);
      }
      const count = Math.min(ids.length - start, maxTokens - builder.length);
      builder.add(ids.slice(start, start + count), true);
      start += count;
    }
  }
  if (builder.length > 1) yield builder.finish(example);
  else if (isFirst) throw new DatasetRowError('no token to learn');
}

function* documentIds(text: string, tokenizer: ChatTokenizer): Generator<readonly number[]> {
  if (tokenizer.bos !== undefined) yield [tokenizer.bos];
  yield* encodePieces(text, tokenizer);
  // Where the document ends is learned too.
  yield tokenizer.endOfTurn.slice(0, 1);
}

function renderTokenized(
  example: Place & { readonly ids: Int32Array; readonly labels: Int32Array },
  options: RenderOptions,
): TokenRow {
  const { ids, labels } = example;
  const limit = options.vocabularySize ?? Number.POSITIVE_INFINITY;
  const large = ids.findIndex((id) => id >= limit);
  if (large >= 0) throw new DatasetRowError(`token ${large} is the id ${ids[large]}, the vocabulary has ${limit}`);
  const builder = new TokenRowBuilder();
  ids.forEach((id, index) => {
    builder.add([id], !options.completionOnly || labels[index] !== IGNORED_LABEL);
  });
  return fitRow(builder, true, example, options);
}
