// Twin of outer-product.

/** gradient (M,N) = into + scale·dy·xᵀ, dy (M,T), x (N,T). */
export function outerProductCpu(
  dy: ArrayLike<number>,
  x: ArrayLike<number>,
  { M, N, T }: { M: number; N: number; T: number },
  scale = 1,
  into?: ArrayLike<number>,
): Float64Array {
  const gradient = new Float64Array(M * N);
  for (let m = 0; m < M; m++)
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let t = 0; t < T; t++) sum += dy[m * T + t]! * x[n * T + t]!;
      gradient[m * N + n] = scale * sum + (into?.[m * N + n] ?? 0);
    }
  return gradient;
}
