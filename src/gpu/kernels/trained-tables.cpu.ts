// Twins of the kernels that serve trained tables and rows: scatter-ids, lookup-columns, token-rows, replace-rows.

/** gradient (V,C) of a table read by `ids`, from dx (C,T). */
export function scatterIdsCpu(ids: ArrayLike<number>, dx: ArrayLike<number>, V: number, scale: number): Float64Array {
  const T = ids.length;
  const C = dx.length / T;
  const gradient = new Float64Array(V * C);
  for (let t = 0; t < T; t++) for (let c = 0; c < C; c++) gradient[ids[t]! * C + c]! += scale * dx[c * T + t]!;
  return gradient;
}

/** table (R,V), ids (T) → (R,T). */
export function lookupColumnsCpu(table: ArrayLike<number>, ids: ArrayLike<number>, R: number): Float64Array {
  const [V, T] = [table.length / R, ids.length];
  return Float64Array.from({ length: R * T }, (_, i) => table[Math.floor(i / T) * V + ids[i % T]!]!);
}

/** x (C,T) with scale·rows[j] where ids[t] is tokens[j]. */
export function tokenRowsCpu(
  x: ArrayLike<number>,
  ids: ArrayLike<number>,
  rows: ArrayLike<number>,
  tokens: ArrayLike<number>,
  scale: number,
): Float64Array {
  const T = ids.length;
  const C = x.length / T;
  return Float64Array.from({ length: C * T }, (_, i) => {
    const j = Array.from(tokens).indexOf(ids[i % T]!);
    return j < 0 ? x[i]! : scale * rows[j * C + Math.floor(i / T)]!;
  });
}

/** Gradient (N,C) of `rows` from dx (C,T). */
export function tokenRowsBackwardCpu(
  dx: ArrayLike<number>,
  ids: ArrayLike<number>,
  tokens: ArrayLike<number>,
  scale: number,
): Float64Array {
  const T = ids.length;
  const C = dx.length / T;
  const gradient = new Float64Array(tokens.length * C);
  for (let t = 0; t < T; t++) {
    const j = Array.from(tokens).indexOf(ids[t]!);
    if (j >= 0) for (let c = 0; c < C; c++) gradient[j * C + c]! += scale * dx[c * T + t]!;
  }
  return gradient;
}
