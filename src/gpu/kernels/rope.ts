// Rotary position embedding (Su et al., 2021) in the half-split convention of Hugging Face: row d turns with row d + rotary/2.

import type { Graph, Value } from '../graph.ts';

export interface RopeOptions {
  readonly heads: number;
  /** D */
  readonly headDim: number;
  /** Rows of each head that turn, an even number; D when absent. */
  readonly rotary?: number;
  readonly label?: string;
}

/**
 * Turns x (heads·D,T) in place. positions (T) u32; cos, sin (rotary/2,P) f32, made by the host in float64, since sines of
 * large angles are coarse in WGSL. Throws TypeError when the shapes do not fit.
 */
export function rope(g: Graph, x: Value, options: RopeOptions, positions: Value, cos: Value, sin: Value): Value {
  const { heads, headDim: D, rotary = D, label = `rope ${x.name}` } = options;
  const [rows, T] = x.shape as [number, number];
  const [half, P] = cos.shape as [number, number];
  if (rows !== heads * D || T % 4 !== 0 || 2 * half !== rotary || rotary > D)
    throw new TypeError(
      `Cannot rotate "${label}": found x of shape ${x.shape} and tables of shape ${cos.shape}, need ${heads * D} rows, T a multiple of 4 and ${rotary / 2} table rows`,
    );
  const turn = (value: Value, sign: 1 | -1) => {
    const y = g.inPlace(value.name, value);
    const WG = 64;
    // On CPU adapters a lane turns all heads, so that the tables are gathered once.
    const headsPerLane = g.traits.kind === 'cpu' ? heads : 1;
    g.push({
      label: sign === 1 ? label : `${label} backward`,
      shader: { file: 'rope', overrides: { WG } },
      bindings: { x: y, positions, cos, sin },
      writes: ['x'],
      params: { heads, D, half, P, T4: T / 4, sign, heads_per_lane: headsPerLane },
      grid: [Math.ceil((half * T) / 4 / WG), Math.ceil(heads / headsPerLane), 1],
      ...(sign === 1 && { backward: (tape) => tape.accumulate(value, () => turn(tape.gradient(y), -1)) }),
    });
    return y;
  };
  return turn(x, 1);
}
