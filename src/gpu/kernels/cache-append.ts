// Keys or values of new tokens go to their places in the cache of a generation.

import type { Graph, Value } from '../graph.ts';
import { grid1d } from '../grid.ts';

/** rowOf of a column that belongs to no row: it is not written, and attentionCached gives it zeros. */
export const NO_ROW = 0xffffffff;

/**
 * Writes column t of x (R,T) to cache[rowOf[t]·R + r][positions[t]] for all r. cache: state (rows·R,S); rowOf, positions:
 * input (T) u32. No gradient flows through it.
 */
export function cacheAppend(g: Graph, cache: Value, x: Value, rowOf: Value, positions: Value): void {
  const [R, T] = x.shape as [number, number];
  const [cacheRows, S] = cache.shape as [number, number];
  if (cacheRows % R !== 0)
    throw new TypeError(`Cannot append to "${cache.name}": found ${cacheRows} rows, need a multiple of ${R}`);
  const WG = 64;
  g.push({
    label: `append to ${cache.name}`,
    shader: { file: 'cache-append', overrides: { WG } },
    bindings: { cache, x, row_of: rowOf, positions },
    writes: ['cache'],
    params: { rows: cacheRows / R, R, S, T },
    grid: grid1d(R * T, WG),
  });
}
