// Twin of rms-norm and rms-norm-backward.

export interface RmsNormSizes {
  /** Groups of rows that are normalised each by itself. */
  readonly G: number;
  readonly C: number;
  readonly T: number;
}

/** x (G·C,T), weight (C) → y (G·C,T) = x·rstd·weight. */
export function rmsNormCpu(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  { G, C, T }: RmsNormSizes,
  eps: number,
): Float64Array {
  const y = new Float64Array(G * C * T);
  for (let g = 0; g < G; g++)
    for (let t = 0; t < T; t++) {
      const rstd = rstdOf(x, g * C * T + t, C, T, eps);
      for (let c = 0; c < C; c++) {
        const i = (g * C + c) * T + t;
        y[i] = x[i]! * rstd * weight[c]!;
      }
    }
  return y;
}

/** dx (G·C,T) = rstd·weight·dy - x·rstd³·mean(weight·dy·x). */
export function rmsNormBackwardCpu(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  dy: ArrayLike<number>,
  { G, C, T }: RmsNormSizes,
  eps: number,
): Float64Array {
  const dx = new Float64Array(G * C * T);
  for (let g = 0; g < G; g++)
    for (let t = 0; t < T; t++) {
      const first = g * C * T + t;
      const rstd = rstdOf(x, first, C, T, eps);
      let dot = 0;
      for (let c = 0; c < C; c++) dot += weight[c]! * dy[first + c * T]! * x[first + c * T]!;
      for (let c = 0; c < C; c++) {
        const i = first + c * T;
        dx[i] = rstd * weight[c]! * dy[i]! - (x[i]! * rstd ** 3 * dot) / C;
      }
    }
  return dx;
}

function rstdOf(x: ArrayLike<number>, first: number, C: number, T: number, eps: number): number {
  let sum = 0;
  for (let c = 0; c < C; c++) sum += x[first + c * T]! ** 2;
  return 1 / Math.sqrt(sum / C + eps);
}
