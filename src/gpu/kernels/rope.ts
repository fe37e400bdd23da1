// Rotary position embedding (Su et al., 2021) in the half-split convention of Hugging Face: row d turns with row d + rotary/2.

import type { Tape } from '../backward.ts';
import type { Graph, Value } from '../graph.ts';

export interface RopeOptions {
  readonly heads: number;
  /** K */
  readonly kvHeads: number;
  /** D */
  readonly headDim: number;
  /** Rows of each head that turn, an even number; D when absent. */
  readonly rotary?: number;
  readonly label?: string;
}

/** What is turned: q (heads·D,T) and k (K·D,T). */
export interface Turned {
  readonly q: Value;
  readonly k: Value;
}

/**
 * Turns q and k in place. positions (T) u32; turns (rotary/2,P,2) f32, cosines and sines made by the host in float64, since
 * sines of large angles are coarse in WGSL. Throws TypeError when the shapes do not fit.
 */
export function rope(g: Graph, { q, k }: Turned, options: RopeOptions, positions: Value, turns: Value): Turned {
  const { heads, kvHeads, headDim: D, label = `rope ${q.name} ${k.name}` } = options;
  checkRope(label, { q, k }, options, turns);
  const T = q.shape[1]!;
  const [half, P] = turns.shape as [number, number];
  const turn = ({ q, k }: { readonly q?: Value | undefined; readonly k?: Value | undefined }, sign: 1 | -1) => {
    const turned = { q: q && g.inPlace(q.name, q), k: k && g.inPlace(k.name, k) };
    const [H, K] = [q ? heads : 0, k ? kvHeads : 0];
    // Stands in the binding of what has no gradient.
    const none = q && k ? undefined : g.activation(`${label} none`, [1, 4]);
    const WG = 64;
    // On CPU adapters a lane turns all heads, so that the tables are gathered once.
    const headsPerLane = g.traits.kind === 'cpu' ? H + K : 1;
    g.push({
      label: sign === 1 ? label : `${label} backward`,
      shader: { file: 'rope', overrides: { WG } },
      bindings: { q: turned.q ?? none!, k: turned.k ?? none!, positions, turns },
      writes: ['q', 'k'],
      params: { heads: H, kv_heads: K, D, half, P, T4: T / 4, sign, heads_per_lane: headsPerLane },
      grid: [Math.ceil((half * T) / 4 / WG), Math.ceil((H + K) / headsPerLane), 1],
      eachAlone: true,
      ...(sign === 1 && { backward: (tape) => turnBack(tape, { q: turned.q!, k: turned.k! }) }),
    });
    return turned;
  };
  const turnBack = (tape: Tape, turned: Turned) => {
    const d = turn({ q: tape.maybe(turned.q), k: tape.maybe(turned.k) }, -1);
    if (d.q) tape.accumulate(q, () => d.q!);
    if (d.k) tape.accumulate(k, () => d.k!);
  };
  const turned = turn({ q, k }, 1);
  return { q: turned.q!, k: turned.k! };
}

export function checkRope(
  label: string,
  { q, k }: Turned,
  { heads, kvHeads, headDim: D, rotary = D }: RopeOptions,
  turns: Value,
): void {
  const T = q.shape[1]!;
  const fits = (x: Value, count: number) => x.shape[0] === count * D && x.shape[1] === T;
  const isTable = 2 * turns.shape[0]! === rotary && turns.shape[2] === 2;
  if (!fits(q, heads) || !fits(k, kvHeads) || T % 4 !== 0 || !isTable || rotary > D)
    throw new TypeError(
      `Cannot rotate "${label}": found q of shape ${q.shape}, k of shape ${k.shape} and a table of shape ${turns.shape}, need ${heads * D} and ${kvHeads * D} rows, T a multiple of 4 and a table of ${rotary / 2} rows of pairs`,
    );
}
