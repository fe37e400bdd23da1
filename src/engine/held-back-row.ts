// A training row → a row of an evaluation: the text before its last answer, and that answer.

import type { TokenRow } from '../data/types.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { EvalRow } from './protocol.ts';

/**
 * ```
 * mask     0 0 0 1 1 0 0 1 1 1
 * prompt   • • • • • • •          as the template made it, with its special tokens
 * expected               • • •    without the end of turn
 * ```
 */
export function heldBackRow({ ids, mask }: TokenRow, tokenizer: Tokenizer): EvalRow {
  let end = ids.length;
  while (end > 0 && mask[end - 1] === 0) end--;
  let begin = end;
  while (begin > 0 && mask[begin - 1] === 1) begin--;
  return {
    prompt: tokenizer.decode(ids.subarray(0, begin), { special: true }),
    expected: tokenizer.decode(ids.subarray(begin, end)),
    isRendered: true,
  };
}
