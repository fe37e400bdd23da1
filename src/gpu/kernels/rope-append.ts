// Queries turn with their positions; keys turn on their way into the cache of a generation, values go there as they are: rope.ts
// and cache-append.ts in one dispatch.

import type { Graph, Value } from '../graph.ts';
import { type Appended, checkAppend } from './cache-append.ts';
import { checkRope, type RopeOptions } from './rope.ts';

export interface TurnAndAppend extends Appended {
  /** (heads·D,T) */
  readonly q: Value;
  /** (rotary/2,P,2), as for rope. */
  readonly turns: Value;
}

/**
 * q turned in place; k, v are written as cacheAppend does, k turned. No gradient flows through it. Throws TypeError when the
 * shapes do not fit.
 */
export function ropeAppend(
  g: Graph,
  { q, k, v, caches, rowOf, positions, turns }: TurnAndAppend,
  options: RopeOptions,
): Value {
  const { heads, kvHeads, headDim: D, label = `rope ${q.name}, append to ${caches.k.name}` } = options;
  checkRope(label, { q, k }, options, turns);
  checkAppend(caches, { k, v });
  const T = q.shape[1]!;
  const [half, P] = turns.shape as [number, number];
  const [cacheRows, S] = caches.k.shape as [number, number];
  const turned = g.inPlace(q.name, q);
  const isCpu = g.traits.kind === 'cpu';
  const WG = isCpu ? 8 : 64;
  // As in rope.ts.
  const headsPerLane = isCpu ? heads + kvHeads : 1;
  g.push({
    label,
    shader: { file: 'rope-append', constants: { TOKENS: g.isOneColumn ? 1 : 4 }, overrides: { WG } },
    bindings: { q: turned, k, v, cache_k: caches.k, cache_v: caches.v, row_of: rowOf, positions, turns },
    writes: ['q', 'cache_k', 'cache_v'],
    params: {
      ...{ heads, kv_heads: kvHeads, D, half, P, T4: T / 4, heads_per_lane: headsPerLane },
      ...{ rows: cacheRows / (kvHeads * D), S },
    },
    grid: [Math.ceil(((D - half) * T) / 4 / WG), Math.ceil((heads + kvHeads) / headsPerLane), 1],
  });
  return turned;
}
