// Twin of attention and its backward, with the matrix of weights written out.

export interface AttentionSizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly D: number;
  readonly T: number;
  readonly scale: number;
  readonly window?: number;
  readonly alibi?: boolean;
}

/** What a head's scores lose by distance. Press et al., 2022: 2^-(8/H), its square … for H a power of two; others take every second one of 2·H. */
export function alibiSlope(head: number, heads: number): number {
  const M = 2 ** Math.floor(Math.log2(heads));
  const ratio = (count: number) => 2 ** (-8 / count);
  return head < M ? ratio(M) ** (head + 1) : ratio(2 * M) ** (2 * (head - M) + 1);
}

/** Weights p (H,T,T): softmax over the keys that a query sees, 0 elsewhere. */
function weights(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  sizes: AttentionSizes,
  segmentStart: ArrayLike<number>,
): Float64Array {
  const { heads, kvHeads, D, T, scale, window = T, alibi = false } = sizes;
  const p = new Float64Array(heads * T * T);
  for (let h = 0; h < heads; h++) {
    const kv = Math.floor(h / (heads / kvHeads));
    for (let i = 0; i < T; i++) {
      const first = Math.max(segmentStart[i]!, i - window + 1);
      let sum = 0;
      let top = -Infinity;
      const row = p.subarray((h * T + i) * T, (h * T + i + 1) * T);
      for (let j = first; j <= i; j++) {
        let dot = 0;
        for (let d = 0; d < D; d++) dot += q[(h * D + d) * T + i]! * k[(kv * D + d) * T + j]!;
        row[j] = scale * dot - (alibi ? alibiSlope(h, heads) * (i - j) : 0);
        top = Math.max(top, row[j]!);
      }
      for (let j = first; j <= i; j++) sum += row[j] = Math.exp(row[j]! - top);
      for (let j = first; j <= i; j++) row[j]! /= sum;
    }
  }
  return p;
}

/** q (H·D,T), k, v (K·D,T) → o (H·D,T) = Σ_j p[i,j]·v[j]. */
export function attentionCpu(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  sizes: AttentionSizes,
  segmentStart: ArrayLike<number>,
): Float64Array {
  const { heads, kvHeads, D, T } = sizes;
  const p = weights(q, k, sizes, segmentStart);
  const o = new Float64Array(heads * D * T);
  for (let h = 0; h < heads; h++)
    for (let d = 0; d < D; d++)
      for (let i = 0; i < T; i++) {
        const row = Math.floor(h / (heads / kvHeads)) * D + d;
        let sum = 0;
        for (let j = 0; j <= i; j++) sum += p[(h * T + i) * T + j]! * v[row * T + j]!;
        o[(h * D + d) * T + i] = sum;
      }
  return o;
}

/** dp = do·v, ds = p·(dp - Σ_j p·dp); dv = Σ p·do, dq = scale·Σ ds·k, dk = scale·Σ ds·q, the last two sums over a group's heads. */
export function attentionBackwardCpu(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  dO: ArrayLike<number>,
  sizes: AttentionSizes,
  segmentStart: ArrayLike<number>,
): { dq: Float64Array; dk: Float64Array; dv: Float64Array } {
  const { heads, kvHeads, D, T, scale } = sizes;
  const p = weights(q, k, sizes, segmentStart);
  const dq = new Float64Array(heads * D * T);
  const dk = new Float64Array(kvHeads * D * T);
  const dv = new Float64Array(kvHeads * D * T);
  const dp = new Float64Array(T);
  for (let h = 0; h < heads; h++)
    for (let i = 0; i < T; i++) {
      const kv = Math.floor(h / (heads / kvHeads));
      const row = p.subarray((h * T + i) * T, (h * T + i + 1) * T);
      let delta = 0;
      for (let j = 0; j <= i; j++) {
        dp[j] = 0;
        for (let d = 0; d < D; d++) dp[j]! += dO[(h * D + d) * T + i]! * v[(kv * D + d) * T + j]!;
        delta += row[j]! * dp[j]!;
      }
      for (let j = 0; j <= i; j++) {
        const ds = scale * row[j]! * (dp[j]! - delta);
        for (let d = 0; d < D; d++) {
          dq[(h * D + d) * T + i]! += ds * k[(kv * D + d) * T + j]!;
          dk[(kv * D + d) * T + j]! += ds * q[(h * D + d) * T + i]!;
          dv[(kv * D + d) * T + j]! += row[j]! * dO[(h * D + d) * T + i]!;
        }
      }
    }
  return { dq, dk, dv };
}
