// What a table of embeddings learns: the gradients of all columns with the same id, added up in their order.

import type { Graph, Value } from '../graph.ts';

/** Where element (id, c) of a table lies: a table (V,C) has strides C and 1, one that is (C,V) has 1 and V. */
export interface TableStrides {
  readonly rows: number;
  readonly id: number;
  readonly c: number;
}

/** The gradient of ids `first` … `first + count - 1` of a table, or of all. */
export interface TableSlab {
  readonly gradient: Value;
  readonly first: number;
  readonly count: number;
}

/** No id: the table has no row that stays as it is. */
export const NO_PADDING = 2 ** 32 - 1;

/** ids (T) u32, dx (C,T); adds scale·dx to the gradient of each column's id, `padding`'s excepted (torch's padding_idx). */
export function scatterIds(
  g: Graph,
  { ids, dx, gradients }: { readonly ids: Value; readonly dx: Value; readonly gradients: readonly TableSlab[] },
  at: TableStrides,
  { scale = 1, padding = NO_PADDING }: { readonly scale?: number; readonly padding?: number | undefined } = {},
): void {
  const [C, T] = dx.shape as [number, number];
  const WG = 64;
  const { name } = gradients[0]!.gradient;
  const next = g.activation(`next of ${name}`, [2, T], 'u32');
  g.push({
    label: `same ids ${name}`,
    shader: { file: 'same-ids', overrides: { WG } },
    bindings: { ids, next },
    writes: ['next'],
    params: { T },
    grid: [Math.ceil(T / WG), 1, 1],
  });
  for (const { gradient, first, count } of gradients)
    g.push({
      label: `scatter ${name}`,
      shader: { file: 'scatter-ids', overrides: { WG } },
      bindings: { ids, next, dx, gradient },
      writes: ['gradient'],
      params: { C, T, rows: at.rows, first, count, stride_id: at.id, stride_c: at.c, padding, scale },
      grid: [Math.ceil(T / WG), C, 1],
    });
}
