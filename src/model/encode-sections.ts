// Where added tokens stand in a text, and what becomes of the rest: as the original (huggingface/tokenizers, AddedVocabulary) finds
// them. @huggingface/tokenizers (0.2.0) does not know single words, takes spaces that a token strips from the token before
// it, and sees one wherever a piece reads like it after normalising.
//
//   text ─► tokens that are not normalised │ pieces ─► normaliser ─► tokens that are │ pieces ─► pre-tokeniser ─► model

import type { AddedToken, Tokenizer } from '@huggingface/tokenizers';

/** Rust's \w and \s, which JavaScript's are not. */
const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]/u;
const SPACE = /\p{White_Space}/u;

interface Library {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: ((text: string) => string) | null;
  readonly pre_tokenizer: ((text: string, options: { readonly section_index: number }) => string[]) | null;
  readonly model: (words: readonly string[]) => string[];
  readonly splitter_unnormalized: Splitter & { readonly constructor: new (words: readonly string[]) => Splitter };
  encode_text(text: string | null): string[] | null;
}

interface Splitter {
  /** Cuts out the longest of its words, from left to right. */
  split(text: string): string[];
}

interface Cutter {
  readonly splitter: Splitter;
  readonly tokens: ReadonlyMap<string, AddedToken>;
}

/** Puts this way in the place of the library's. */
export function mendSections(made: Tokenizer): void {
  const library = made as unknown as Library;
  const { added_tokens: added, normalizer, splitter_unnormalized: splitter } = library;
  const normalize = (text: string) => normalizer?.(text) ?? text;
  const cutter = (named: readonly (readonly [string, AddedToken])[]): Cutter => {
    const tokens = new Map(named);
    return { tokens, splitter: new splitter.constructor([...tokens.keys()]) };
  };
  const asTheyAre = cutter(added.flatMap((token) => (token.normalized ? [] : [[token.content, token]])));
  const afterwards = cutter(added.flatMap((token) => (token.normalized ? [[normalize(token.content), token]] : [])));
  library.encode_text = (text) => {
    if (text === null) return null;
    const pieces = cut(text, asTheyAre).flatMap((piece) =>
      typeof piece === 'string' ? cut(normalize(piece), afterwards) : [piece],
    );
    return pieces.flatMap((piece, section_index) => {
      if (typeof piece !== 'string') return [piece.content];
      return library.model(library.pre_tokenizer?.(piece, { section_index }) ?? [piece]);
    });
  };
}

/** Tokens, and the texts between them; neither is empty. One whose space is another's still counts, as in the original. */
function cut(text: string, { splitter, tokens }: Cutter): (string | AddedToken)[] {
  if (tokens.size === 0) return text === '' ? [] : [text];
  const out: (string | AddedToken)[] = [];
  let [from, at] = [0, 0];
  for (const part of splitter.split(text)) {
    const token = tokens.get(part);
    let [begin, end] = [at, at + part.length];
    at = end;
    if (token === undefined) continue;
    if (token.single_word && (WORD.test(characterBefore(text, begin)) || WORD.test(characterAt(text, end)))) continue;
    while (token.lstrip && begin > from && SPACE.test(text[begin - 1]!)) begin--;
    while (token.rstrip && end < text.length && SPACE.test(text[end]!)) end++;
    if (begin > from) out.push(text.slice(from, begin));
    out.push(token);
    from = end;
  }
  if (from < text.length) out.push(text.slice(from));
  return out;
}

const characterAt = (text: string, at: number) => [...text.slice(at, at + 2)][0] ?? '';
const characterBefore = (text: string, at: number) => [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? '';
