// y = l ⊙ x (+ addend): each feature times a factor of its own, the same for all tokens. IA³ (Liu et al. 2022) is nothing else.
// Backward:  dx = l ⊙ dy   dl = Σ_t dy·x

import type { Graph, Value } from '../graph.ts';
import { grid1d } from '../grid.ts';
import { strengthPart } from './add-rows.ts';
import { rowSum } from './row-sum.ts';

export interface ScaleRowsOptions {
  /** (C,T), added to the result: a residual. */
  readonly addend?: Value | undefined;
  /** (T) f32 input: how far each token goes from 1 to `l`. For adapters in use, without gradients. */
  readonly strength?: Value | undefined;
  /** (C,T), overwritten: the result is added to it. */
  readonly into?: Value | undefined;
}

/** x (C,T), l (C) or a matrix with one row or column → y (C,T). */
export function scaleRows(g: Graph, x: Value, l: Value, { addend, strength, into }: ScaleRowsOptions = {}): Value {
  const [C, T] = x.shape as [number, number];
  const y = into ? g.inPlace(into.name, into) : g.activation(`scaled ${x.name}`, [C, T]);
  const { parts } = strengthPart(strength);
  const epilogue = into ? 'accumulate' : addend ? 'addend' : 'store';
  g.push({
    label: `scale ${l.name}`,
    shader: {
      file: 'scale-rows',
      parts: { ...parts, epilogue: `epilogue-${epilogue}` },
      overrides: { WG: 64 },
    },
    bindings: { l, x, y, ...(addend && { addend }), ...(strength && { strength }) },
    writes: ['y'],
    params: { C, T4: T / 4, scale: 1 },
    grid: grid1d((C * T) / 4, 64),
    backward: (tape) => {
      const dy = tape.gradient(y);
      if (l.role === 'trainable') rowSum(tape.graph, tape.graph.gradientOf(l), 'product', { dy, x }, { rows: C, T });
      tape.accumulate(x, (sum) => scaleRows(tape.graph, dy, l, { into: sum }));
      if (addend) tape.passThrough(addend, dy);
    },
  });
  return y;
}
