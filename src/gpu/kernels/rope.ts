// Rotary position embedding (Su et al., 2021) in the half-split convention of Hugging Face: row d turns with row d + rotary/2.

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
  const turn = (of: Turned, sign: 1 | -1): Turned => {
    const turned = { q: g.inPlace(of.q.name, of.q), k: g.inPlace(of.k.name, of.k) };
    const WG = 64;
    // On CPU adapters a lane turns all heads, so that the tables are gathered once.
    const headsPerLane = g.traits.kind === 'cpu' ? heads + kvHeads : 1;
    g.push({
      label: sign === 1 ? label : `${label} backward`,
      shader: { file: 'rope', overrides: { WG } },
      bindings: { ...turned, positions, turns },
      writes: ['q', 'k'],
      params: { heads, kv_heads: kvHeads, D, half, P, T4: T / 4, sign, heads_per_lane: headsPerLane },
      grid: [Math.ceil((half * T) / 4 / WG), Math.ceil((heads + kvHeads) / headsPerLane), 1],
      ...(sign === 1 && {
        backward: (tape) => {
          const d = turn({ q: tape.gradient(turned.q), k: tape.gradient(turned.k) }, -1);
          tape.accumulate(q, () => d.q);
          tape.accumulate(k, () => d.k);
        },
      }),
    });
    return turned;
  };
  return turn({ q, k }, 1);
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
