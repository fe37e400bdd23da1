// Attention of new tokens to a cache of keys and values: prefill chunks and the decoding of several rows alike.
// The positions of a row are split in chunks that are summed side by side (otherwise one token would leave a GPU idle) and
// then put together: flash-decoding (Dao et al., 2023); where one chunk is all of them, there is nothing to put together. Four query heads of one key head share what is read of the cache.

import type { Graph, Value } from '../graph.ts';
import { grid1d } from '../grid.ts';
import { type AttentionOptions, alibiOverrides } from './attention.ts';
import { hasLanes } from './product-variants.ts';

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
  const quadsPerKv = Math.ceil(H / K / 4);
  const quads = K * quadsPerKv;
  const { file, constants, WG, leastChunk, gridOf } = chooseVariant(g, T);
  const perChunk = leastChunk * Math.ceil(S / MAX_CHUNKS / leastChunk);
  const chunks = Math.ceil(S / perChunk);
  const isWhole = chunks === 1 && file !== 'attention-cached-columns';
  const o = g.activation(label, q.shape);
  const results: Record<string, Value> = isWhole
    ? { o }
    : {
        sums: g.activation(`${label} sums`, [chunks * quads * D * 4, T]),
        stats: g.activation(`${label} statistics`, [chunks * quads * 8, T]),
      };
  const sizes = {
    D,
    T,
    K,
    heads_per_kv: H / K,
    quads_per_kv: quadsPerKv,
    per_chunk: perChunk,
    window: Math.min(window ?? S, S),
  };
  g.push({
    label: isWhole ? label : `${label} chunks`,
    shader: {
      file,
      parts: { 'attention-cached-result': isWhole ? 'attention-cached-whole' : 'attention-cached-share' },
      ...(constants && { constants }),
      overrides: { ...(WG && { WG }), ...alibiOverrides(H, alibi) },
    },
    bindings: {
      ...{ q, cache_k: cacheK, cache_v: cacheV, row_of: rowOf, positions },
      ...results,
    },
    writes: Object.keys(results),
    params: { ...sizes, S4: S / 4, scale: scale * Math.LOG2E },
    grid: gridOf(quads, chunks),
    flops: 2 * H * D * S * T,
  });
  if (isWhole) return o;
  const COMBINE_WG = 64;
  g.push({
    label,
    shader: { file: 'attention-cached-combine', overrides: { WG: COMBINE_WG } },
    bindings: { ...results, row_of: rowOf, positions, o },
    writes: ['o'],
    params: sizes,
    grid: grid1d(quads * D * T, COMBINE_WG),
  });
  return o;
}

interface Variant {
  readonly file: string;
  readonly constants?: Readonly<Record<string, number>>;
  readonly WG?: number;
  /** Positions: a chunk has a multiple of it. */
  readonly leastChunk: number;
  gridOf(quads: number, chunks: number): [number, number, number];
}

function chooseVariant({ traits, isOneColumn }: Graph, T: number): Variant {
  const columns = isOneColumn ? 1 : T;
  const gridOf = (quads: number, chunks: number): [number, number, number] => [columns, quads, chunks];
  // Four positions for each of 64 lanes.
  if (traits.kind === 'gpu') return { file: 'attention-cached-tile', WG: 64, leastChunk: 256, gridOf };
  if (T === 4 && hasLanes(traits)) {
    const constants = { LANES: traits.subgroupSize };
    return { file: 'attention-cached-subgroups', constants, leastChunk: 512, gridOf };
  }
  const WG = 8;
  return {
    file: 'attention-cached-columns',
    WG,
    leastChunk: 64,
    gridOf: (quads, chunks) => [Math.ceil((T * quads) / WG), chunks, 1],
  };
}
