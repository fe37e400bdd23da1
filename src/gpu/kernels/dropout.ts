// Dropout with a mask that is computed, not kept: forward, backward, a recomputed block and a resumed run see the same one.

import { elements, type Graph, type Value } from '../graph.ts';
import { grid1d } from '../grid.ts';

export interface DropoutOptions {
  /** Share of elements that become 0, in [0, 1). */
  readonly p: number;
  /** Two u32 that tell this place in the model from all others. */
  readonly key: readonly [number, number];
  /** Input (4) u32: seed low, seed high, step, and 1 to turn all dropout off (evaluation). */
  readonly step: Value;
  readonly label?: string;
}

/** x (C,T) → y (C,T): kept elements are divided by 1 - p. With p = 0 this is x itself. Throws RangeError for another p. */
export function dropout(g: Graph, x: Value, { p, key, step, label = 'dropout' }: DropoutOptions): Value {
  if (!(p >= 0 && p < 1)) throw new RangeError(`Cannot drop out "${label}": found p = ${p}, need 0 ≤ p < 1`);
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
      // ceil: an integer is ≥ p·2^32 exactly when it is ≥ the next integer. p < 1 may still round up to 2^32.
      params: {
        n4,
        threshold: Math.min(Math.ceil(p * 2 ** 32), 0xffffffff),
        keep_scale: 1 / (1 - p),
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
