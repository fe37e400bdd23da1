// Segments of a conversation → ids and mask. The tokens of a prompt are exactly those that it has when the model is asked
// to answer it: a token never spans the border between what is read and what is learned.
import { PIECE_CHARS } from './encode-text.ts';
import type { Segment } from './render-turns.ts';
import type { TokenRowBuilder } from './token-row-builder.ts';

/** How segments are encoded: rendered by a template, or plain. */
export interface SegmentEncoder {
  encode(text: string, limit?: number): number[];
  /** The end of `text` that the tokens of what follows may depend on. */
  lastPart(text: string): string;
  /** True: the end-of-turn token is part of the text; else it is put after every answer. */
  readonly closesTurns: boolean;
}

export interface SegmentOptions {
  readonly completionOnly: boolean;
  readonly endOfTurn: readonly number[];
  /** Encoding may stop once a row is longer than this. */
  readonly maxTokens: number;
  readonly note: (reason: string) => void;
}

/** Returns false when it stopped early, because the row is too long already. */
export function addSegments(
  builder: TokenRowBuilder,
  segments: readonly Segment[],
  encoder: SegmentEncoder,
  options: SegmentOptions,
): boolean {
  let before = '';
  for (const [index, { text, kind }] of segments.entries()) {
    const limit = options.maxTokens - builder.length;
    const ids = encodeAfter(before, text, encoder, limit);
    before = shorten(encoder.lastPart(before + text));
    // Here the encoder may have stopped at the limit; what follows would be cut anyway.
    if (ids.length > limit && text.length > PIECE_CHARS) {
      builder.add(ids, kind === 'answer' || !options.completionOnly);
      return false;
    }
    if (kind === 'context') {
      builder.add(ids, !options.completionOnly);
      continue;
    }
    const isLast = index === segments.length - 1;
    const end = ids.findIndex((id) => options.endOfTurn.includes(id));
    const turn = end < 0 ? ids : ids.slice(0, end + 1);
    builder.add(turn, true);
    // Without this token among the targets a model never learns to stop; so it is learned, and put there if it is missing.
    if (end < 0 && (isLast || !encoder.closesTurns)) {
      const closing = options.endOfTurn.slice(0, 1);
      builder.add(closing, true);
      before = '';
      if (closing.length === 0)
        options.note('the tokenizer has no end-of-turn token: the model cannot learn where to stop');
      else if (encoder.closesTurns)
        options.note('the chat template does not close an answer: the end-of-turn token is added');
    }
    // The line end after it belongs to the template, and nobody samples it.
    builder.add(ids.slice(turn.length), !options.completionOnly);
  }
  return true;
}

/**
 * Ids of `text` after `before`: as the tokenizer reads both together when that leaves the ids of `before` as they are
 * (a sentencepiece tokenizer would put a space before text that it sees alone), else the ids of `text` alone.
 */
function encodeAfter(before: string, text: string, encoder: SegmentEncoder, limit: number): number[] {
  if (before === '') return encoder.encode(text, limit);
  const head = encoder.encode(before);
  const both = encoder.encode(before + text, head.length + limit);
  const isPrefix = head.length <= both.length && head.every((id, index) => id === both[index]);
  return isPrefix ? both.slice(head.length) : encoder.encode(text, limit);
}

/** A long text without a special token: where it ends says enough only if it is short enough to encode again. */
function shorten(text: string): string {
  return text.length > PIECE_CHARS / 4 ? '' : text;
}
