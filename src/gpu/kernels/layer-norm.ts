// LayerNorm over the features of each token (Ba et al., 2016).

import type { Tape } from '../backward.ts';
import type { Graph, Value } from '../graph.ts';
import { columnGroups } from './rms-norm.ts';
import { rowSum } from './row-sum.ts';

/** x (C,T), weight and bias (C), frozen or trained → y (C,T). Throws TypeError when the shapes do not fit. */
export function layerNorm(
  g: Graph,
  x: Value,
  weight: Value,
  bias: Value,
  eps: number,
  { label = 'layer-norm' }: { readonly label?: string } = {},
): Value {
  const [C, T] = x.shape as [number, number];
  if (weight.shape[0] !== C || bias.shape[0] !== C || T % 4 !== 0)
    throw new TypeError(
      `Cannot normalise "${label}": found x of shape ${x.shape}, need ${weight.shape[0]} rows and T a multiple of 4`,
    );
  const y = g.activation(label, x.shape);
  const stats = g.activation(`${label} statistics`, [2, T]);
  const { parts, overrides, grid } = columnGroups(g, T, 1);
  const sizes = { C, T4: T / 4 };
  const backward = (tape: Tape) => {
    const dy = tape.gradient(y);
    if (weight.role === 'trainable') rowSum(g, g.gradientOf(weight), 'layer-norm', { x, stats, dy }, { rows: C, T });
    if (bias.role === 'trainable') rowSum(g, g.gradientOf(bias), 'bias', { dy }, { rows: C, T });
    tape.accumulate(x, (into) => {
      const dx = into ? g.inPlace(into.name, into) : g.activation(`d${x.name}`, x.shape);
      g.push({
        label: `${label} backward`,
        shader: { file: 'layer-norm-backward', parts, overrides },
        bindings: { x, weight, stats, dy, dx },
        writes: ['dx'],
        params: { ...sizes, accumulate: into ? 1 : 0 },
        grid,
      });
      return dx;
    });
  };
  g.push({
    label,
    shader: { file: 'layer-norm', parts, overrides },
    bindings: { x, weight, bias, y, stats },
    writes: ['y', 'stats'],
    params: { ...sizes, eps },
    grid,
    backward,
  });
  return y;
}
