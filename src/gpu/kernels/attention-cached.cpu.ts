// Twin of attention-cached.

import { alibiSlope } from './attention.cpu.ts';

export interface AttentionCachedSizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly D: number;
  readonly T: number;
  /** Positions that a cache row holds. */
  readonly S: number;
  readonly scale: number;
  readonly window?: number;
  readonly alibi?: boolean;
}

/** q (H·D,T), caches (rows·K·D,S) → o (H·D,T); zeros where rowOf is 0xffffffff. */
export function attentionCachedCpu(
  q: ArrayLike<number>,
  cacheK: ArrayLike<number>,
  cacheV: ArrayLike<number>,
  { heads, kvHeads, D, T, S, scale, window = S, alibi = false }: AttentionCachedSizes,
  rowOf: ArrayLike<number>,
  positions: ArrayLike<number>,
): Float64Array {
  const o = new Float64Array(heads * D * T);
  for (let t = 0; t < T; t++) {
    if (rowOf[t] === 0xffffffff) continue;
    for (let h = 0; h < heads; h++) {
      const base = (rowOf[t]! * kvHeads + Math.floor(h / (heads / kvHeads))) * D;
      const first = Math.max(0, positions[t]! - window + 1);
      const scores: number[] = [];
      for (let p = first; p <= positions[t]!; p++) {
        let dot = 0;
        for (let d = 0; d < D; d++) dot += q[(h * D + d) * T + t]! * cacheK[(base + d) * S + p]!;
        scores.push(scale * dot - (alibi ? alibiSlope(h, heads) * (positions[t]! - p) : 0));
      }
      const top = Math.max(...scores);
      const weights = scores.map((s) => Math.exp(s - top));
      const sum = weights.reduce((a, b) => a + b, 0);
      for (let d = 0; d < D; d++)
        o[(h * D + d) * T + t] = weights.reduce((n, w, i) => n + (w / sum) * cacheV[(base + d) * S + first + i]!, 0);
    }
  }
  return o;
}
