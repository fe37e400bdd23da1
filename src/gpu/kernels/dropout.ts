// Dropout with a mask that is computed, not kept: forward, backward, a recomputed block and a resumed run see the same one.
// Where products of low-rank branches read it (dropoutMasks), it is there once, a bit an element, in place of copies of x.

import { elements, type Graph, type Value } from '../graph.ts';
import { grid1d } from '../grid.ts';

/** Which elements of an input one place in the model drops. */
export interface Drop {
  /** Share of elements that become 0, in [0, 1). */
  readonly p: number;
  /** Two u32 that tell this place in the model from all others. */
  readonly key: readonly [number, number];
  /** Input (4) u32: seed low, seed high, step, and 1 to turn all dropout off (evaluation). */
  readonly step: Value;
}

export interface DropoutOptions extends Drop {
  readonly label?: string;
}

/** x (C,T) → y (C,T): kept elements are divided by 1 - p. With p = 0 this is x itself. Throws RangeError for another p. */
export function dropout(g: Graph, x: Value, { p, key, step, label = 'dropout' }: DropoutOptions): Value {
  const chances = chancesOf(p, label);
  if (p === 0) return x;
  const n4 = elements(x.shape) / 4;
  const WG = 64;
  const mask = (name: string, from: Value, into?: Value) => {
    const to = into ? g.inPlace(into.name, into) : g.activation(name, x.shape);
    g.push({
      label: name,
      shader: { file: 'dropout', overrides: { WG } },
      bindings: { x: from, seed_step: step, y: to },
      writes: ['y'],
      params: {
        n4,
        ...chances,
        key_low: key[0],
        key_high: key[1],
        accumulate: into ? 1 : 0,
      },
      grid: grid1d(n4, WG),
      ...(from === x && { backward: (tape) => tape.accumulate(x, (sum) => mask(`d${name}`, tape.gradient(to), sum)) }),
    });
    return to;
  };
  return mask(label, x);
}

/** Masks that the products of low-rank branches read, instead of a copy of x for each. */
export interface Masks {
  /** See dropout-masks.wgsl. */
  readonly bits: Value;
  /** Results of a product of A that have a mask in common: the rank. */
  readonly ranks: number;
  /** What is multiplied with 1 / (1 - p) where nothing is evaluated. */
  readonly keepScale: number;
}

/** Places whose masks one dispatch makes. */
export const MAX_MASKS = 3;

/** Masks of x (C,T) for up to MAX_MASKS branches of `ranks` each, all with one p > 0 and one step: the same as `dropout` has. */
export function dropoutMasks(g: Graph, drops: readonly Drop[], [C, T]: readonly number[], ranks: number): Masks {
  const [{ p, step }] = drops as readonly [Drop];
  const chances = chancesOf(p, 'x of low-rank branches');
  const n4 = (C! * T!) / 4;
  const words = Math.ceil(n4 / 8);
  const bits = g.activation('dropout masks', [1 + drops.length * words], 'u32');
  const WG = 64;
  const key = (z: number) => drops[z]?.key ?? [0, 0];
  const [x, y] = grid1d(words, WG);
  g.push({
    label: 'dropout masks',
    shader: { file: 'dropout-masks', overrides: { WG } },
    bindings: { seed_step: step, masks: bits },
    writes: ['masks'],
    params: {
      ...{ n4, words, ...chances, low_0: key(0)[0], high_0: key(0)[1] },
      ...{ low_1: key(1)[0], high_1: key(1)[1], low_2: key(2)[0], high_2: key(2)[1] },
    },
    grid: [x, y, drops.length],
  });
  return { bits, ranks, keepScale: chances.keep_scale };
}

function chancesOf(p: number, label: string) {
  if (!(p >= 0 && p < 1)) throw new RangeError(`Cannot drop out "${label}": found p = ${p}, need 0 ≤ p < 1`);
  // ceil: an integer is ≥ p·2^32 exactly when it is ≥ the next integer. p < 1 may still round up to 2^32.
  return { threshold: Math.min(Math.ceil(p * 2 ** 32), 0xffffffff), keep_scale: 1 / (1 - p) };
}
