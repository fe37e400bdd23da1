// Attention of new tokens to a cache of keys and values: prefill chunks and the decoding of several rows alike.
// The positions of a row are split in chunks that are summed side by side (otherwise one token would leave a GPU idle) and
// then put together: flash-decoding (Dao et al., 2023). Four query heads of one key head share what is read of the cache.

import type { Graph, Value } from '../graph.ts';
import { grid1d } from '../grid.ts';
import { type AttentionOptions, alibiOverrides } from './attention.ts';

/** Positions that one workgroup of attention-cached-tile takes: four for each of 64 lanes. */
const TILE_POSITIONS = 256;
/** More chunks than this gain nothing and cost memory (H·D·T floats each). */
const MAX_CHUNKS = 32;

/**
 * q (H·D,T), cacheK, cacheV: state (rows·K·D,S) → o (H·D,T). Column t sees positions 0 … positions[t] of row rowOf[t] (the
 * last `window` of them), its own among them: append first. Columns with rowOf = NO_ROW give zeros. No gradient.
 */
export function attentionCached(
  g: Graph,
  q: Value,
  cacheK: Value,
  cacheV: Value,
  options: AttentionOptions,
  rowOf: Value,
  positions: Value,
): Value {
  const { heads: H, kvHeads: K, headDim: D, scale, window, alibi, label = 'attention-cached' } = options;
  const [rows, T] = q.shape as [number, number];
  const [cacheRows, S] = cacheK.shape as [number, number];
  if (
    rows !== H * D ||
    H % K !== 0 ||
    cacheRows % (K * D) !== 0 ||
    S % 4 !== 0 ||
    cacheV.shape[0] !== cacheRows ||
    cacheV.shape[1] !== S
  )
    throw new TypeError(
      `Cannot attend "${label}": found q ${q.shape}, caches ${cacheK.shape} and ${cacheV.shape}, need ${H * D} rows, equal caches of ${K * D} rows a sequence, S a multiple of 4`,
    );
  const isCpu = g.traits.kind === 'cpu';
  const perChunk = isCpu
    ? Math.max(64, 16 * Math.ceil(S / MAX_CHUNKS / 16))
    : TILE_POSITIONS * Math.ceil(S / MAX_CHUNKS / TILE_POSITIONS);
  const chunks = Math.ceil(S / perChunk);
  const quadsPerKv = Math.ceil(H / K / 4);
  const quads = K * quadsPerKv;
  const sums = g.activation(`${label} sums`, [chunks * quads * D * 4, T]);
  const stats = g.activation(`${label} statistics`, [chunks * quads * 8, T]);
  const o = g.activation(label, q.shape);
  const sizes = {
    D,
    T,
    K,
    heads_per_kv: H / K,
    quads_per_kv: quadsPerKv,
    per_chunk: perChunk,
    window: Math.min(window ?? S, S),
  };
  const WG = isCpu ? 8 : 64;
  g.push({
    label: `${label} chunks`,
    shader: {
      file: isCpu ? 'attention-cached-columns' : 'attention-cached-tile',
      overrides: { WG, ...alibiOverrides(H, alibi) },
    },
    bindings: { q, cache_k: cacheK, cache_v: cacheV, row_of: rowOf, positions, sums, stats },
    writes: ['sums', 'stats'],
    params: { ...sizes, S4: S / 4, scale: scale * Math.LOG2E },
    grid: isCpu ? [Math.ceil((T * quads) / WG), chunks, 1] : [T, quads, chunks],
    flops: 2 * H * D * S * T,
  });
  const COMBINE_WG = 64;
  g.push({
    label,
    shader: { file: 'attention-cached-combine', overrides: { WG: COMBINE_WG } },
    bindings: { sums, stats, row_of: rowOf, positions, o },
    writes: ['o'],
    params: sizes,
    grid: grid1d(quads * D * T, COMBINE_WG),
  });
  return o;
}
