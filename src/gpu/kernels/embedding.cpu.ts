// Twin of embedding. W is dense and row-major.

/** W (V,C), ids (T) → x (C,T) = scale·W[first + ids[t],c]. */
export function embeddingCpu(
  w: ArrayLike<number>,
  ids: ArrayLike<number>,
  C: number,
  scale = 1,
  first = 0,
): Float64Array {
  const T = ids.length;
  const x = new Float64Array(C * T);
  for (let t = 0; t < T; t++) for (let c = 0; c < C; c++) x[c * T + t] = scale * w[(first + ids[t]!) * C + c]!;
  return x;
}
