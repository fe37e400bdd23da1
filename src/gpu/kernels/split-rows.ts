// The parts of a fused product: q, k and v of one linear, side by side (Phi-3, GPT-2) or head by head (GPT-NeoX, BLOOM).
// Features are rows here, so a part is runs of whole rows. Backward writes the parts' gradients into one.

import type { Tape } from '../backward.ts';
import type { Graph, Value } from '../graph.ts';
import { copyRows } from './copy-rows.ts';

/**
 * x (groups·Σsizes,T) → a value (groups·size,T) for each of `sizes`: part p of every group. All of them must be used where
 * gradients flow. Throws TypeError when the rows do not fit.
 */
export function splitRows(g: Graph, x: Value, sizes: readonly number[], groups = 1): Value[] {
  const [rows, T] = x.shape as [number, number];
  const stride = sizes.reduce((a, b) => a + b, 0);
  if (rows !== groups * stride || T % 4 !== 0)
    throw new TypeError(
      `Cannot split "${x.name}": found shape ${x.shape}, need ${groups * stride} rows and T a multiple of 4`,
    );
  const firsts = sizes.map((_, p) => sizes.slice(0, p).reduce((a, b) => a + b, 0));
  const parts = sizes.map((size, p) => g.activation(`${x.name} part ${p}`, [groups * size, T]));
  // The op of the first part is the last one that backward comes to: all gradients are there.
  const backward = (tape: Tape) =>
    tape.accumulate(x, (into) => {
      if (into !== undefined) throw new Error(`Cannot differentiate: "${x.name}" is split and read by others too`);
      const dx = g.activation(`d${x.name}`, x.shape);
      for (const [p, part] of parts.entries()) {
        const place = { to_first: firsts[p]!, to_stride: stride, from_first: 0, from_stride: sizes[p]! };
        copyRows(g, tape.gradient(part), dx, sizes[p]!, place);
      }
      return dx;
    });
  for (const [p, part] of parts.entries()) {
    const place = { from_first: firsts[p]!, from_stride: stride, to_first: 0, to_stride: sizes[p]! };
    // The others say with an empty backward that gradients flow through them.
    copyRows(g, x, part, sizes[p]!, place, p === 0 ? backward : () => {});
  }
  return parts;
}
