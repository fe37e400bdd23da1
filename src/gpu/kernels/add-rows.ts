// y[o,t] += scale·bias[o], in place, for each token by its strength: the bias of a low-rank branch.

import type { Graph, Value } from '../graph.ts';
import { grid1d } from '../grid.ts';
import { rowSum } from './row-sum.ts';

/** y (O,T), bias (O). `strength` (T) f32 input: for adapters in use, without gradients. */
export function addRows(g: Graph, y: Value, bias: Value, scale: number, strength?: Value): Value {
  const [O, T] = y.shape as [number, number];
  const result = g.inPlace(y.name, y);
  g.push({
    label: `add ${bias.name}`,
    shader: { file: 'add-rows', ...strengthPart(strength), overrides: { WG: 64 } },
    bindings: { bias, y: result, ...(strength && { strength }) },
    writes: ['y'],
    params: { O, T4: T / 4, scale },
    grid: grid1d((O * T) / 4, 64),
    backward: (tape) => {
      const dy = tape.gradient(result);
      if (bias.role === 'trainable')
        rowSum(tape.graph, tape.graph.gradientOf(bias), 'bias', { dy }, { rows: O, T, scale });
      tape.passThrough(y, dy);
    },
  });
  return result;
}

/** The shader part that says how much of an adapter a token takes part in. */
export function strengthPart(strength: Value | undefined) {
  return { parts: { 'column-strength': strength ? 'column-strength' : 'column-strength-full' } };
}
