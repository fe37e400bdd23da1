// Queries, keys and values of new tokens beside a cache of earlier ones, filled with noise: for the tests of what reads and fills caches.

import type { Graph, Value } from '../graph.ts';
import { type Data, noise } from './run-kernel.ts';
import { testTurns } from './turns.ts';

export interface CacheSizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly D: number;
  readonly T: number;
  /** Positions of the cache. */
  readonly S: number;
  /** Of the cache. */
  readonly rows: number;
  /** Rows of a head that turn; none when absent. */
  readonly rotary?: number | undefined;
}

/** `host` is what `data` gives the graph: what changes in its arrays before the run, changes for the graph too. */
export function cacheCase(
  g: Graph,
  { heads, kvHeads, D, T, S, rows, rotary }: CacheSizes,
  columns: { readonly rowOf: readonly number[]; readonly positions: readonly number[] },
) {
  const R = kvHeads * D;
  const [q, k, v] = [g.input('q', [heads * D, T]), g.input('k', [R, T]), g.input('v', [R, T])];
  const caches = { k: g.state('keys', [rows * R, S]), v: g.state('values', [rows * R, S]) };
  const [rowOf, positions] = [g.input('row of', [T], 'u32'), g.input('positions', [T], 'u32')];
  const turns = rotary === undefined ? undefined : g.frozen('turns', [rotary / 2, S, 2]);
  const host = {
    q: noise(heads * D * T, 1).map((x) => 3 * x),
    k: noise(R * T, 2),
    v: noise(R * T, 3),
    caches: { k: noise(rows * R * S, 4), v: noise(rows * R * S, 5) },
    turns: testTurns((rotary ?? 0) / 2, S),
  };
  const data = new Map<Value, Data>([
    [q, host.q],
    [k, host.k],
    [v, host.v],
    [caches.k, host.caches.k],
    [caches.v, host.caches.v],
    [rowOf, Uint32Array.from(columns.rowOf)],
    [positions, Uint32Array.from(columns.positions)],
  ]);
  if (turns !== undefined) data.set(turns, host.turns);
  return { values: { q, k, v, caches, rowOf, positions, turns }, host, data };
}
