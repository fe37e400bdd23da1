// Text → token ids, safely: markers inside a user's text stay text, and a very long text is encoded piece by piece.
//
// A chat template is a function from messages to one string, in which a marker written by the template and one written
// by a user look alike. So before rendering, a sentinel character is put inside every marker of the content; after it,
// the string is cut at the markers that are still whole (the template's own), and the sentinel taken out again.
import type { ChatTokenizer, Message } from './types.ts';

/** Text encoded at once. Byte-pair merging of one long word is slow in many tokenizers; cuts lie between words. */
export const PIECE_CHARS = 16 * 1024;

/** Unicode's private use area: characters that mean nothing to anyone else. */
const SENTINEL_FIRST = 0xe000;
const SENTINEL_LAST = 0xf8ff;

/** Encodes rendered text; made for one conversation, because the sentinel must not occur in its content. */
export interface RenderedEncoder {
  readonly messages: readonly Message[];
  /** Ids of rendered text, or of a part of it. With `limit`, stops soon after that many ids. */
  encode(text: string, limit?: number): number[];
  /** The last part of `text`, from its last special token on. */
  lastPart(text: string): string;
}

/** Messages whose markers are broken, and the encoder that mends them. */
export function shieldMessages(messages: readonly Message[], tokenizer: ChatTokenizer): RenderedEncoder {
  const { begins, cut } = markerPatterns(tokenizer.specialTokens);
  const sentinel = chooseSentinel(messages.map((message) => message.content).join(''));
  const clean = (text: string) => text.replaceAll(sentinel, '');
  return {
    messages: begins
      ? messages.map((message) => ({ ...message, content: message.content.replace(begins, `$&${sentinel}`) }))
      : messages,
    encode(text, limit = Number.POSITIVE_INFINITY) {
      if (text.length <= PIECE_CHARS && !text.includes(sentinel)) return [...tokenizer.encode(text, { special: true })];
      const ids: number[] = [];
      // Odd parts are the markers that the pattern cut out.
      for (const [index, part] of (cut ? text.split(cut) : [text]).entries()) {
        if (index % 2 === 1) append(ids, tokenizer.encode(part, { special: true }));
        else append(ids, encodePlain(clean(part), tokenizer, limit - ids.length));
        if (ids.length > limit) break;
      }
      return ids;
    },
    lastPart(text) {
      const parts = cut ? text.split(cut) : [text];
      return parts.slice(-2).join('');
    },
  };
}

/** Plain text, piece by piece; markers in it are plain text. */
export function* encodePieces(text: string, tokenizer: ChatTokenizer): Generator<readonly number[]> {
  for (let start = 0; start < text.length; ) {
    const end = text.length - start <= PIECE_CHARS ? text.length : findCut(text, start, start + PIECE_CHARS);
    yield tokenizer.encode(text.slice(start, end), { special: false });
    start = end;
  }
}

/** The pieces' ids; stops soon after `limit` of them. */
export function encodePlain(text: string, tokenizer: ChatTokenizer, limit = Number.POSITIVE_INFINITY): number[] {
  const ids: number[] = [];
  for (const piece of encodePieces(text, tokenizer)) {
    append(ids, piece);
    if (ids.length > limit) break;
  }
  return ids;
}

/** A line end, else a space, in the second half of the piece; else right here, but not inside a character. */
function findCut(text: string, start: number, end: number): number {
  const middle = start + (end - start) / 2;
  const lineEnd = text.lastIndexOf('\n', end - 1);
  if (lineEnd >= middle) return lineEnd + 1;
  // Before the space: most tokenizers keep it with the word that follows.
  const space = text.lastIndexOf(' ', end - 1);
  if (space >= middle) return space;
  return /[\ud800-\udbff]/.test(text[end - 1]!) ? end - 1 : end;
}

function append(ids: number[], more: readonly number[]): void {
  for (const id of more) ids.push(id);
}

interface MarkerPatterns {
  /** The first character of every marker, also of one inside another. */
  readonly begins: RegExp | undefined;
  /** Whole markers, longest first: one is not taken for another that it begins with. */
  readonly cut: RegExp | undefined;
}

const patternsOf = new WeakMap<readonly string[], MarkerPatterns>();

function markerPatterns(tokens: readonly string[]): MarkerPatterns {
  const known = patternsOf.get(tokens);
  if (known !== undefined) return known;
  // A marker of one letter cannot be broken.
  const sorted = tokens.filter((token) => token.length > 1).sort((a, b) => b.length - a.length);
  const any = sorted.map((token) => token.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|');
  const patterns =
    any === ''
      ? { begins: undefined, cut: undefined }
      : { begins: new RegExp(`(?=${any})[\\s\\S]`, 'gu'), cut: new RegExp(`(${any})`, 'u') };
  patternsOf.set(tokens, patterns);
  return patterns;
}

function chooseSentinel(text: string): string {
  for (let code = SENTINEL_FIRST; code <= SENTINEL_LAST; code++) {
    const candidate = String.fromCharCode(code);
    if (!text.includes(candidate)) return candidate;
  }
  // 6,400 different private characters in one conversation: it is no text, and the last one is as good as any.
  return String.fromCharCode(SENTINEL_LAST);
}
