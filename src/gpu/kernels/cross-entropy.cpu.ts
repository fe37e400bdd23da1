// Twin of crossEntropy for columns that are all used.

/** logits (V,M), ids (M) → losses (M) and dlogits (V,M) = (softmax − onehot)·lossScale. */
export function crossEntropyCpu(
  logits: ArrayLike<number>,
  ids: ArrayLike<number>,
  V: number,
  lossScale = 1,
): { losses: Float64Array; dlogits: Float64Array } {
  const M = ids.length;
  const losses = new Float64Array(M);
  const dlogits = new Float64Array(V * M);
  for (let m = 0; m < M; m++) {
    let top = -Infinity;
    for (let v = 0; v < V; v++) top = Math.max(top, logits[v * M + m]!);
    let sum = 0;
    for (let v = 0; v < V; v++) sum += Math.exp(logits[v * M + m]! - top);
    const lse = top + Math.log(sum);
    losses[m] = lse - logits[ids[m]! * M + m]!;
    for (let v = 0; v < V; v++)
      dlogits[v * M + m] = (Math.exp(logits[v * M + m]! - lse) - (v === ids[m] ? 1 : 0)) * lossScale;
  }
  return { losses, dlogits };
}
