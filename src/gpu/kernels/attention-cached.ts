// Attention of new tokens to a cache of keys and values: prefill chunks and the decoding of several rows alike.
// The positions of a row are split in chunks that are summed side by side (otherwise one token would leave a GPU idle) and
// then put together: flash-decoding (Dao et al., 2023); where one chunk is all of them, there is nothing to put together. Four query
// heads of one key head share what is read of the cache. What new tokens add to it goes there on the way where no row has two of
// them, else in a dispatch before.

import type { Graph, Value } from '../graph.ts';
import { grid1d } from '../grid.ts';
import { type AttentionOptions, alibiOverrides } from './attention.ts';
import { type Caches, cacheAppend, checkAppend } from './cache-append.ts';
import { hasLanes } from './product-variants.ts';
import { checkRope, type RopeOptions } from './rope.ts';
import { ropeAppend } from './rope-append.ts';

/** More chunks than this gain nothing and cost memory (H·D·T floats each). */
const MAX_CHUNKS = 32;

/** New tokens beside a cache. */
export interface CachedAttention {
  /** (H·D,T); may be overwritten. */
  readonly q: Value;
  readonly caches: Caches;
  /** (T) u32: the cache's row of each token, or NO_ROW, and its place there. */
  readonly rowOf: Value;
  readonly positions: Value;
  /** Absent where the cache has the tokens' keys and values already. */
  readonly added?: Added | undefined;
}

/** Keys and values of the new tokens. */
export interface Added {
  /** (K·D,T) */
  readonly k: Value;
  readonly v: Value;
  /** (rotary/2,P,2): q and k turn by them, see rope.ts. */
  readonly turns?: Value | undefined;
  /** No row has two of the tokens. */
  readonly isOnePerRow: boolean;
}

/**
 * o (H·D,T) of q over caches (rows·K·D,S), `added` among them. Column t sees positions 0 … positions[t] of row rowOf[t] (the last
 * `window` of them); columns with rowOf = NO_ROW give zeros. No gradient. Throws TypeError when the shapes do not fit.
 */
export function attentionCached(g: Graph, tokens: CachedAttention, options: AttentionOptions): Value {
  const { headDim: D, label = 'attention-cached' } = options;
  const { q, rowOf, positions, added } = tokens;
  checkCaches(label, tokens, options);
  const split = splitCache(g, tokens, options);
  const { quads, chunks, isWhole, isWithin, sizes } = split;
  if (added && !isWithin)
    return attentionCached(g, { ...tokens, q: append(g, tokens, added, options), added: undefined }, options);
  const T = q.shape[1]!;
  if (isWhole && added) {
    // Who makes a part of o has read its queries before, and nobody else reads them.
    const o = g.inPlace(label, q);
    pushChunks(g, tokens, options, split, { part: 'in-place', results: { q: o } });
    return o;
  }
  const o = g.activation(label, q.shape);
  if (isWhole) {
    pushChunks(g, tokens, options, split, { part: 'whole', results: { o } });
    return o;
  }
  const results = {
    sums: g.activation(`${label} sums`, [chunks * quads * D * 4, T]),
    stats: g.activation(`${label} statistics`, [chunks * quads * 8, T]),
  };
  pushChunks(g, tokens, options, split, { part: 'share', results });
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

/** How the work is divided. */
interface Split extends Variant {
  readonly quads: number;
  readonly chunks: number;
  /** One chunk is all, and makes o itself. */
  readonly isWhole: boolean;
  /** What new tokens add goes into the cache on the way. */
  readonly isWithin: boolean;
  readonly sizes: Readonly<Record<string, number>>;
}

function splitCache(g: Graph, tokens: CachedAttention, options: AttentionOptions): Split {
  const { heads: H, kvHeads: K, headDim: D, window } = options;
  const T = tokens.q.shape[1]!;
  const S = tokens.caches.k.shape[1]!;
  const quadsPerKv = Math.ceil(H / K / 4);
  const variant = chooseVariant(g, T);
  const perChunk = variant.leastChunk * Math.ceil(S / MAX_CHUNKS / variant.leastChunk);
  const chunks = Math.ceil(S / perChunk);
  const isWhole = chunks === 1 && variant.canBeWhole;
  const buffers = Object.keys(bindingsOf(tokens)).length + (isWhole ? 0 : 2);
  return {
    ...variant,
    ...{ quads: K * quadsPerKv, chunks, isWhole },
    isWithin: variant.canBeWhole && tokens.added?.isOnePerRow === true && buffers <= g.traits.maxStorageBuffers,
    sizes: {
      ...{ D, T, K, heads_per_kv: H / K, quads_per_kv: quadsPerKv, per_chunk: perChunk },
      window: Math.min(window ?? S, S),
    },
  };
}

function pushChunks(
  g: Graph,
  tokens: CachedAttention,
  { heads: H, headDim: D, scale, alibi, label = 'attention-cached' }: AttentionOptions,
  { file, constants, WG, gridOf, quads, chunks, isWhole, sizes }: Split,
  { part, results }: { readonly part: string; readonly results: Readonly<Record<string, Value>> },
): void {
  const { added, q, caches } = tokens;
  const [half, P] = (added?.turns?.shape ?? [0, 0]) as [number, number];
  const S = caches.k.shape[1]!;
  g.push({
    label: isWhole ? label : `${label} chunks`,
    shader: {
      file,
      parts: {
        'attention-cached-result': `attention-cached-${part}`,
        'attention-cached-added': added ? 'attention-cached-added' : 'attention-cached-added-none',
        'turn-row': added?.turns ? 'turn-row' : 'turn-row-none',
      },
      constants: { MOST_D: Math.max(64, 2 ** Math.ceil(Math.log2(D))), ...constants },
      overrides: { ...(WG && { WG }), ...alibiOverrides(H, alibi) },
    },
    bindings: { ...bindingsOf(tokens), ...results },
    writes: [...Object.keys(results), ...(added ? ['cache_k', 'cache_v'] : [])],
    params: { ...sizes, S4: S / 4, scale: scale * Math.LOG2E, half, P },
    grid: gridOf(quads, chunks),
    flops: 2 * H * D * S * q.shape[1]!,
  });
}

function bindingsOf({ q, caches, rowOf, positions, added }: CachedAttention): Record<string, Value> {
  return {
    ...{ q, cache_k: caches.k, cache_v: caches.v, row_of: rowOf, positions },
    ...(added && { k: added.k, v: added.v }),
    ...(added?.turns && { turns: added.turns }),
  };
}

/** Dispatches before, where what new tokens add cannot go into the cache on the way: q, turned where it turns. */
function append(g: Graph, tokens: CachedAttention, { k, v, turns }: Added, options: AttentionOptions): Value {
  const { q, caches, rowOf, positions } = tokens;
  if (turns) return ropeAppend(g, { q, k, v, caches, rowOf, positions, turns }, turning(options, turns));
  cacheAppend(g, { k, v, caches, rowOf, positions });
  return q;
}

function checkCaches(label: string, { q, caches, added }: CachedAttention, options: AttentionOptions): void {
  const { heads: H, kvHeads: K, headDim: D } = options;
  const [cacheRows, S] = caches.k.shape as [number, number];
  const areAlike = caches.v.shape[0] === cacheRows && caches.v.shape[1] === S;
  if (q.shape[0] !== H * D || H % K !== 0 || cacheRows % (K * D) !== 0 || S % 4 !== 0 || !areAlike)
    throw new TypeError(
      `Cannot attend "${label}": found q ${q.shape}, caches ${caches.k.shape} and ${caches.v.shape}, need ${H * D} rows, equal caches of ${K * D} rows a sequence, S a multiple of 4`,
    );
  if (added === undefined) return;
  const { k, v, turns } = added;
  checkAppend(caches, { k, v });
  if (turns) checkRope(label, { q, k }, turning(options, turns), turns);
}

function turning({ heads, kvHeads, headDim }: AttentionOptions, turns: Value): RopeOptions {
  return { heads, kvHeads, headDim, rotary: 2 * turns.shape[0]! };
}

interface Variant {
  readonly file: string;
  readonly constants?: Readonly<Record<string, number>>;
  readonly WG?: number;
  /** Positions: a chunk has a multiple of it. */
  readonly leastChunk: number;
  /** A workgroup makes a quad's column by itself: it can finish it, and take what the token adds. */
  readonly canBeWhole: boolean;
  gridOf(quads: number, chunks: number): [number, number, number];
}

function chooseVariant({ traits, isOneColumn }: Graph, T: number): Variant {
  const columns = isOneColumn ? 1 : T;
  const gridOf = (quads: number, chunks: number): [number, number, number] => [columns, quads, chunks];
  // Four positions for each of 64 lanes.
  if (traits.kind === 'gpu')
    return { file: 'attention-cached-tile', WG: 64, leastChunk: 256, canBeWhole: true, gridOf };
  if (T === 4 && hasLanes(traits)) {
    const constants = { LANES: traits.subgroupSize };
    return { file: 'attention-cached-subgroups', constants, leastChunk: 512, canBeWhole: true, gridOf };
  }
  const WG = 8;
  return {
    file: 'attention-cached-columns',
    WG,
    leastChunk: 64,
    canBeWhole: false,
    gridOf: (quads, chunks) => [Math.ceil((T * quads) / WG), chunks, 1],
  };
}
