// y[c,m] = x[c,columns[offset+m]]: the supervised positions side by side, so that the head multiplies only those.

import type { Graph, Op, Value } from '../graph.ts';

export interface ColumnChoice {
  /** (≥ offset+count) u32 input: columns of x, unique. */
  readonly columns: Value;
  /** (1) u32 input: how many entries of `columns` count; results beyond are 0. */
  readonly used: Value;
  readonly offset: number;
  readonly count: number;
  readonly onlyIf?: Op['onlyIf'];
}

const WG = 16;

/** x (C,T) → y (C,count). */
export function gatherColumns(g: Graph, x: Value, { columns, used, offset, count, onlyIf }: ColumnChoice): Value {
  const [C, T] = x.shape as [number, number];
  const y = g.activation(`${x.name} at targets`, [C, count]);
  g.push({
    label: 'gather columns',
    shader: { file: 'gather-columns', overrides: { WG } },
    bindings: { x, columns, used, y },
    writes: ['y'],
    params: { C, T, M: count, offset },
    grid: [Math.ceil(count / WG), C, 1],
    ...(onlyIf && { onlyIf }),
  });
  return y;
}

/**
 * values (T) → (count), for what kernels read of an input per column: an output, because what lies among activations can not
 * be bound for reading alone.
 */
export function gatherInput(g: Graph, values: Value, { columns, used, offset, count, onlyIf }: ColumnChoice): Value {
  const y = g.output(`${values.name} at ${offset} of ${columns.name}`, [count]);
  g.push({
    label: 'gather input',
    shader: { file: 'gather-columns', overrides: { WG } },
    bindings: { x: values, columns, used, y },
    writes: ['y'],
    params: { C: 1, T: values.shape[0]!, M: count, offset },
    grid: [Math.ceil(count / WG), 1, 1],
    ...(onlyIf && { onlyIf }),
  });
  return y;
}

/** The inverse, for gradients: dx[c,columns[offset+m]] = dy[c,m], in place; other columns stay. */
export function scatterColumns(
  g: Graph,
  dy: Value,
  dx: Value,
  { columns, used, offset, count, onlyIf }: ColumnChoice,
): Value {
  const [C, T] = dx.shape as [number, number];
  const result = g.inPlace(dx.name, dx);
  g.push({
    label: 'scatter columns',
    shader: { file: 'scatter-columns', overrides: { WG } },
    bindings: { dy, columns, used, dx: result },
    writes: ['dx'],
    params: { C, T, M: count, offset },
    grid: [Math.ceil(count / WG), C, 1],
    ...(onlyIf && { onlyIf }),
  });
  return result;
}
