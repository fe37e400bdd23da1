// Twin of split-rows and its backward.

export interface SplitSizes {
  readonly sizes: readonly number[];
  readonly groups: number;
  readonly T: number;
}

/** x (groups·Σsizes,T) → the parts (groups·size,T), one after the other in one array. */
export function splitRowsCpu(x: ArrayLike<number>, { sizes, groups, T }: SplitSizes): Float64Array {
  const out: number[] = [];
  const stride = sizes.reduce((a, b) => a + b, 0);
  for (const [p, size] of sizes.entries()) {
    const first = sizes.slice(0, p).reduce((a, b) => a + b, 0);
    for (let g = 0; g < groups; g++)
      for (let r = 0; r < size; r++) for (let t = 0; t < T; t++) out.push(x[(g * stride + first + r) * T + t]!);
  }
  return Float64Array.from(out);
}

/** Parts' gradients, one after the other → dx. */
export function splitRowsBackwardCpu(dy: ArrayLike<number>, sizes: SplitSizes): Float64Array {
  // Splitting moves numbers: the numbers' places, split, say where each comes from.
  const from = splitRowsCpu(
    Uint32Array.from({ length: dy.length }, (_, i) => i),
    sizes,
  );
  const dx = new Float64Array(dy.length);
  for (const [i, place] of from.entries()) dx[place] = dy[i]!;
  return dx;
}
