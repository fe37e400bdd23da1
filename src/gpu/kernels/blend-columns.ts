// y = (1 - strength)·y + strength·other, token by token, in place: a module in its own and in a trained form. No gradient.

import type { Graph, Value } from '../graph.ts';
import { grid1d } from '../grid.ts';

/** y, other (C,T), strength (T) f32 input. */
export function blendColumns(g: Graph, y: Value, other: Value, strength: Value): Value {
  const [C, T] = y.shape as [number, number];
  const result = g.inPlace(y.name, y);
  g.push({
    label: `blend ${y.name}`,
    shader: { file: 'blend-columns', overrides: { WG: 64 } },
    bindings: { other, strength, y: result },
    writes: ['y'],
    params: { C, T4: T / 4 },
    grid: grid1d((C * T) / 4, 64),
  });
  return result;
}
