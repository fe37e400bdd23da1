// What a forward pass reads besides weights: token ids, their positions, and which of them see each other.

import type { Graph, Value } from '../gpu/graph.ts';

/** Whole rows packed side by side (training, scoring). All (T) u32. */
export interface PackedInputs {
  readonly kind: 'packed';
  readonly ids: Value;
  readonly positions: Value;
  readonly segmentStart: Value;
  readonly segmentEnd: Value;
}
/** Columns that belong to rows of a KV cache (generation). All (T) u32. */
export interface CachedInputs {
  readonly kind: 'cached';
  readonly ids: Value;
  readonly positions: Value;
  /** Row of the cache; 0xffffffff = column not used. */
  readonly rowOf: Value;
  readonly rows: number;
  /** Longest row in tokens. */
  readonly capacity: number;
  /** No row has two of the columns: each is its row's next token. */
  readonly isOnePerRow: boolean;
}
export type ModelInputs = PackedInputs | CachedInputs;

export function packedInputs(g: Graph, columns: number): PackedInputs {
  const column = (name: string) => g.input(name, [columns], 'u32');
  return {
    kind: 'packed',
    ids: column('ids'),
    positions: column('positions'),
    segmentStart: column('segment_start'),
    segmentEnd: column('segment_end'),
  };
}
export function cachedInputs(
  g: Graph,
  columns: number,
  { rows, capacity, isOnePerRow }: Pick<CachedInputs, 'rows' | 'capacity' | 'isOnePerRow'>,
): CachedInputs {
  const column = (name: string) => g.input(name, [columns], 'u32');
  return {
    kind: 'cached',
    ids: column('ids'),
    positions: column('positions'),
    rowOf: column('row_of'),
    rows,
    capacity,
    isOnePerRow,
  };
}
