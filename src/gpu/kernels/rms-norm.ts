// RMSNorm over the features of each token (Zhang and Sennrich, 2019); with a weight as long as a head, over each head.

import type { Tape } from '../backward.ts';
import type { Graph, Value } from '../graph.ts';
import type { ShaderRef } from '../shader.ts';
import { rowSum } from './row-sum.ts';

export interface RmsNormOptions {
  readonly label?: string;
  /** Added to the weight (Gemma's trained norms hold w - 1). */
  readonly offset?: number;
}

/** x (G·C,T), weight (C), frozen or trained → y (G·C,T); every group of C rows is normalised by itself. Throws TypeError when C does not divide the rows. */
export function rmsNorm(
  g: Graph,
  x: Value,
  weight: Value,
  eps: number,
  { label = 'rms-norm', offset = 0 }: RmsNormOptions = {},
): Value {
  const [rows, T] = x.shape as [number, number];
  const C = weight.shape[0]!;
  if (rows % C !== 0 || T % 4 !== 0)
    throw new TypeError(
      `Cannot normalise "${label}": found x of shape ${x.shape}, need rows a multiple of ${C} and T of 4`,
    );
  const groups = rows / C;
  const y = g.activation(label, x.shape);
  const rstd = g.activation(`${label} rstd`, [groups, T]);
  const { parts, overrides, grid } = columnGroups(g, T, groups);
  const sizes = { C, T4: T / 4 };
  const backward = (tape: Tape) => {
    const dy = tape.gradient(y);
    if (weight.role === 'trainable')
      rowSum(g, g.gradientOf(weight), 'rms-norm', { x, rstd, dy }, { rows: C, groups, T });
    tape.accumulate(x, (into) => {
      const dx = into ? g.inPlace(into.name, into) : tape.fresh(x);
      g.push({
        label: `${label} backward`,
        shader: { file: 'rms-norm-backward', parts, overrides },
        bindings: { x, weight, rstd, dy, dx },
        writes: ['dx'],
        params: { ...sizes, accumulate: into ? 1 : 0, offset },
        grid,
      });
      return dx;
    });
  };
  g.push({
    label,
    shader: { file: 'rms-norm', parts, overrides },
    bindings: { x, weight, y, rstd },
    writes: ['y', 'rstd'],
    params: { ...sizes, eps, offset },
    grid,
    backward,
  });
  return y;
}

/** Workgroups of WG_X blocks of four tokens; WG_Y lanes share a block and add up in workgroup memory (on CPU adapters: one lane, no barrier, unless all tokens are one block). */
export function columnGroups(
  g: Graph,
  T: number,
  groups: number,
): Pick<Required<ShaderRef>, 'parts' | 'overrides'> & { grid: [number, number, number] } {
  const isCpu = g.traits.kind === 'cpu';
  // Where all tokens are one block (decoding) there is nothing else for the other lanes to do.
  const isSerial = isCpu && T > 4;
  const [WG_X, WG_Y] = isSerial ? [8, 1] : isCpu ? [1, 8] : [4, 32];
  return {
    parts: { 'column-sum': isSerial ? 'column-sum-serial' : 'column-sum' },
    overrides: { WG_X, WG_Y },
    grid: [Math.ceil(T / (4 * WG_X)), groups, 1],
  };
}
