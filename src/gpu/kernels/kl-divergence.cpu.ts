// Twin of klDivergence for columns that are all used.

/** x, y (V,M) → Σ_v p·(log p − log q) of each column, p and q their softmax. */
export function klDivergenceCpu(x: ArrayLike<number>, y: ArrayLike<number>, V: number): Float64Array {
  const M = x.length / V;
  const out = new Float64Array(M);
  for (let m = 0; m < M; m++) {
    const p = logSoftmax(x, V, M, m);
    const q = logSoftmax(y, V, M, m);
    for (let v = 0; v < V; v++) out[m]! += Math.exp(p[v]!) * (p[v]! - q[v]!);
  }
  return out;
}

function logSoftmax(logits: ArrayLike<number>, V: number, M: number, m: number): Float64Array {
  let top = -Infinity;
  for (let v = 0; v < V; v++) top = Math.max(top, logits[v * M + m]!);
  let sum = 0;
  for (let v = 0; v < V; v++) sum += Math.exp(logits[v * M + m]! - top);
  return Float64Array.from({ length: V }, (_, v) => logits[v * M + m]! - top - Math.log(sum));
}
