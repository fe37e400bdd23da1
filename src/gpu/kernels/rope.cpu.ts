// Twin of rope.

export interface RopeSizes {
  readonly heads: number;
  readonly D: number;
  readonly T: number;
  /** Rotated rows of each head; the rest stay as they are. */
  readonly rotary: number;
  /** Positions in the table. */
  readonly P: number;
}

/** x (heads·D,T), turns (rotary/2,P,2): cosine and sine → y. sign = -1 turns back: the gradient of the rotation. */
export function ropeCpu(
  x: ArrayLike<number>,
  positions: ArrayLike<number>,
  turns: ArrayLike<number>,
  { heads, D, T, rotary, P }: RopeSizes,
  sign: 1 | -1 = 1,
): Float64Array {
  const y = Float64Array.from(x);
  const half = rotary / 2;
  for (let h = 0; h < heads; h++)
    for (let d = 0; d < half; d++)
      for (let t = 0; t < T; t++) {
        const low = (h * D + d) * T + t;
        const high = low + half * T;
        const c = turns[2 * (d * P + positions[t]!)]!;
        const s = sign * turns[2 * (d * P + positions[t]!) + 1]!;
        y[low] = x[low]! * c - x[high]! * s;
        y[high] = x[high]! * c + x[low]! * s;
      }
  return y;
}
