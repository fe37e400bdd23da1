// Twins of matmul and matmul-backward: the definition of correct. W is dense and row-major.

export interface Sizes {
  readonly O: number;
  readonly C: number;
  readonly T: number;
}

/** y (O,T) = into + scale·W·x + bias[o] + addend. */
export function matmulCpu(
  w: ArrayLike<number>,
  x: ArrayLike<number>,
  { O, C, T }: Sizes,
  {
    scale = 1,
    bias,
    addend,
  }: { scale?: number; bias?: ArrayLike<number> | undefined; addend?: ArrayLike<number> | undefined } = {},
): Float64Array {
  const y = new Float64Array(O * T);
  for (let o = 0; o < O; o++)
    for (let t = 0; t < T; t++) {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += w[o * C + c]! * x[c * T + t]!;
      y[o * T + t] = scale * sum + (bias?.[o] ?? 0) + (addend?.[o * T + t] ?? 0);
    }
  return y;
}

/** dx (C,T) = into + scale·Wᵀ·dy. */
export function matmulBackwardCpu(
  w: ArrayLike<number>,
  dy: ArrayLike<number>,
  { O, C, T }: Sizes,
  { scale = 1, into }: { scale?: number; into?: ArrayLike<number> | undefined } = {},
): Float64Array {
  const dx = new Float64Array(C * T);
  for (let c = 0; c < C; c++)
    for (let t = 0; t < T; t++) {
      let sum = 0;
      for (let o = 0; o < O; o++) sum += w[o * C + c]! * dy[o * T + t]!;
      dx[c * T + t] = scale * sum + (into?.[c * T + t] ?? 0);
    }
  return dx;
}
