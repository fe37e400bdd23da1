// Keys or values of new tokens go to their places in the cache of a generation.

import type { Graph, Value } from '../graph.ts';
import { grid1d } from '../grid.ts';

/** rowOf of a column that belongs to no row: it is not written, and attentionCached gives it zeros. */
export const NO_ROW = 0xffffffff;

export interface Caches {
  readonly k: Value;
  readonly v: Value;
}

/** New keys and values, and their places. */
export interface Appended {
  /** (R,T), T a multiple of 4 */
  readonly k: Value;
  readonly v: Value;
  /** State (rows·R,S) */
  readonly caches: Caches;
  /** (T) u32: the cache's row of each column, or NO_ROW, and its place there. */
  readonly rowOf: Value;
  readonly positions: Value;
}

/** Writes column t of k and v to [rowOf[t]·R + r][positions[t]] of their caches for all r. No gradient flows through it. */
export function cacheAppend(g: Graph, { k, v, caches, rowOf, positions }: Appended): void {
  checkAppend(caches, { k, v });
  const [R, T] = k.shape as [number, number];
  const [cacheRows, S] = caches.k.shape as [number, number];
  const WG = 64;
  g.push({
    label: `append to ${caches.k.name}`,
    shader: { file: 'cache-append', overrides: { WG } },
    bindings: { cache_k: caches.k, cache_v: caches.v, k, v, row_of: rowOf, positions },
    writes: ['cache_k', 'cache_v'],
    params: { rows: cacheRows / R, R, S, T4: T / 4 },
    grid: grid1d((R * T) / 4, WG),
  });
}

export function checkAppend(caches: Caches, { k, v }: { readonly k: Value; readonly v: Value }): void {
  const [R, T] = k.shape as [number, number];
  const [cacheRows, S] = caches.k.shape as [number, number];
  const areAlike = v.shape[0] === R && v.shape[1] === T && caches.v.shape[0] === cacheRows && caches.v.shape[1] === S;
  if (cacheRows % R !== 0 || T % 4 !== 0 || !areAlike)
    throw new TypeError(
      `Cannot append to "${caches.k.name}": found k ${k.shape} and v ${v.shape} for caches ${caches.k.shape} and ${caches.v.shape}, need equal ones, rows a multiple of ${R}, columns one of 4`,
    );
}
