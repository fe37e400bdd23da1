// Twins of scale-rows and its backward.

export interface ScaleRowsSizes {
  readonly C: number;
  readonly T: number;
}

/** y (C,T) = (1 - strength(t) + strength(t)·l[c])·x (+ addend); without `strength` l·x. */
export function scaleRowsCpu(
  x: ArrayLike<number>,
  l: ArrayLike<number>,
  { C, T }: ScaleRowsSizes,
  { addend, strength }: { readonly addend?: ArrayLike<number>; readonly strength?: ArrayLike<number> } = {},
): Float64Array {
  return Float64Array.from({ length: C * T }, (_, i) => {
    const s = strength?.[i % T] ?? 1;
    return (1 - s + s * l[Math.floor(i / T)]!) * x[i]! + (addend?.[i] ?? 0);
  });
}

/** dx (C,T) and dl (C) of the loss Σ y·dy. */
export function scaleRowsBackwardCpu(
  x: ArrayLike<number>,
  l: ArrayLike<number>,
  dy: ArrayLike<number>,
  { C, T }: ScaleRowsSizes,
): { dx: Float64Array; dl: Float64Array } {
  const [dx, dl] = [new Float64Array(C * T), new Float64Array(C)];
  for (let c = 0; c < C; c++)
    for (let i = c * T; i < (c + 1) * T; i++) {
      dx[i] = l[c]! * dy[i]!;
      dl[c]! += dy[i]! * x[i]!;
    }
  return { dx, dl };
}
