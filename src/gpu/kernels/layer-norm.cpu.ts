// Twin of layer-norm and layer-norm-backward.

export interface LayerNormSizes {
  readonly C: number;
  readonly T: number;
}

/** x (C,T), weight, bias (C) → y (C,T) = (x - mean)·rstd·weight + bias. */
export function layerNormCpu(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  { C, T }: LayerNormSizes,
  eps: number,
): Float64Array {
  const y = new Float64Array(C * T);
  for (let t = 0; t < T; t++) {
    const { mean, rstd } = statsOf(x, t, C, T, eps);
    for (let c = 0; c < C; c++) y[c * T + t] = (x[c * T + t]! - mean) * rstd * weight[c]! + bias[c]!;
  }
  return y;
}

/** dx (C,T) = rstd·(weight·dy - mean(weight·dy) - z·mean(weight·dy·z)), z = (x - mean)·rstd. */
export function layerNormBackwardCpu(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  dy: ArrayLike<number>,
  { C, T }: LayerNormSizes,
  eps: number,
): Float64Array {
  const dx = new Float64Array(C * T);
  for (let t = 0; t < T; t++) {
    const { mean, rstd } = statsOf(x, t, C, T, eps);
    let sum = 0;
    let dot = 0;
    for (let c = 0; c < C; c++) {
      sum += weight[c]! * dy[c * T + t]!;
      dot += weight[c]! * dy[c * T + t]! * (x[c * T + t]! - mean) * rstd;
    }
    for (let c = 0; c < C; c++) {
      const z = (x[c * T + t]! - mean) * rstd;
      dx[c * T + t] = rstd * (weight[c]! * dy[c * T + t]! - sum / C - (z * dot) / C);
    }
  }
  return dx;
}

function statsOf(x: ArrayLike<number>, t: number, C: number, T: number, eps: number): { mean: number; rstd: number } {
  let mean = 0;
  for (let c = 0; c < C; c++) mean += x[c * T + t]! / C;
  let variance = 0;
  for (let c = 0; c < C; c++) variance += (x[c * T + t]! - mean) ** 2 / C;
  return { mean, rstd: 1 / Math.sqrt(variance + eps) };
}
