// Rows of an embedding that are trained alone (PEFT's trainable_token_indices): they take the place of the table's rows
// where a column has one of their ids, and of the head's rows where head and embedding are one matrix.

import type { Graph, Value } from '../graph.ts';
import { factorWeight } from '../weight.ts';
import { strengthPart } from './add-rows.ts';
import { matmul } from './matmul.ts';
import { NO_PADDING } from './scatter-ids.ts';

export interface TrainedRows {
  /** (N,C) */
  readonly rows: Value;
  /** (N) u32: their ids, unique. */
  readonly tokens: Value;
  /** (T) f32 input; absent: all tokens take part. */
  readonly strength?: Value | undefined;
}

/**
 * x (C,T) of ids (T): columns with one of the trained ids become scale·rows, in place. The row of the id `padding` gets no gradient
 * from here (torch's padding_idx).
 */
export function tokenRows(
  g: Graph,
  x: Value,
  ids: Value,
  { rows, tokens, strength }: TrainedRows,
  scale = 1,
  padding = NO_PADDING,
): Value {
  const [C, T] = x.shape as [number, number];
  const N = tokens.shape[0]!;
  const WG = 64;
  const slot = g.activation(`slots of ${rows.name}`, [T], 'u32');
  g.push({
    label: `find ${rows.name}`,
    shader: { file: 'find-tokens', overrides: { WG } },
    bindings: { ids, tokens, slot },
    writes: ['slot'],
    params: { T, N },
    grid: [Math.ceil(T / WG), 1, 1],
  });
  const y = g.inPlace(x.name, x);
  g.push({
    label: `token rows ${rows.name}`,
    shader: { file: 'token-rows', ...strengthPart(strength), overrides: { WG } },
    bindings: { rows, slot, x: y, ...(strength && { strength }) },
    writes: ['x'],
    params: { C, T, N, scale },
    grid: [Math.ceil(T / WG), C, 1],
    backward: (tape) => {
      // The table itself is frozen: nothing flows to x.
      tape.graph.push({
        label: `d ${rows.name}`,
        shader: { file: 'token-rows-backward', overrides: { WG } },
        bindings: { tokens, slot, dx: tape.gradient(y), gradient: tape.graph.gradientOf(rows) },
        writes: ['gradient'],
        params: { C, T, N, padding, scale },
        grid: [Math.ceil(C / WG), N, 1],
      });
    },
  });
  return y;
}

/** logits (V,T) of h (C,T): the rows of the trained ids become rows·h, in place. */
export function tokenLogits(g: Graph, logits: Value, h: Value, { rows, tokens, strength }: TrainedRows): Value {
  const T = logits.shape[1]!;
  const N = tokens.shape[0]!;
  const WG = 16;
  const grid = [Math.ceil(T / 4 / WG), N, 1] as const;
  const params = { N, T4: T / 4 };
  const z = matmul(g, factorWeight(rows), h, { label: `logits of ${rows.name}` });
  const y = g.inPlace(logits.name, logits);
  g.push({
    label: `replace ${rows.name}`,
    shader: { file: 'replace-rows', ...strengthPart(strength), overrides: { WG } },
    bindings: { tokens, z, y, ...(strength && { strength }) },
    writes: ['y'],
    params,
    grid,
    backward: (tape) => {
      const dy = tape.gradient(y);
      const rest = tape.graph.inPlace(dy.name, dy);
      const dz = tape.graph.activation(`d${z.name}`, z.shape);
      tape.graph.push({
        label: `replace ${rows.name} backward`,
        shader: { file: 'replace-rows-backward', overrides: { WG } },
        bindings: { tokens, dy: rest, dz },
        writes: ['dy', 'dz'],
        params,
        grid,
      });
      tape.accumulate(z, () => dz);
      tape.passThrough(logits, rest);
    },
  });
  return y;
}
