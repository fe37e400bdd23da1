// Token ids and their mask, which can only be added together.
//
//   ids   <|im_start|> user ↵ Hi <|im_end|> ↵ <|im_start|> assistant ↵ | Hello <|im_end|> | ↵
//   mask        0       0   0  0     0      0       0          0     0 |   1       1      | 0
import type { TokenRow } from './types.ts';

export class TokenRowBuilder {
  readonly #ids: number[] = [];
  readonly #mask: number[] = [];

  /** The only way in: every id comes with whether it is learned. */
  add(ids: readonly number[], supervised: boolean): void {
    const bit = supervised ? 1 : 0;
    for (const id of ids) {
      this.#ids.push(id);
      this.#mask.push(bit);
    }
  }

  get length(): number {
    return this.#ids.length;
  }

  /** The first `columns` tokens as a row. Its first token is never supervised: nothing comes before it to predict it from. */
  finish(place: { readonly file: string; readonly line: number }, columns = this.length): TokenRow {
    const mask = Uint8Array.from(this.#mask.slice(0, columns));
    mask[0] = 0;
    return { file: place.file, line: place.line, ids: Int32Array.from(this.#ids.slice(0, columns)), mask };
  }
}

export function countSupervised(row: TokenRow): number {
  let count = 0;
  for (const bit of row.mask) count += bit;
  return count;
}
