// y = scale·W·x (+ bias) (+ addend): every linear of a model, forward. W is frozen (f32 or quantised) or a trained factor.

import type { Tape } from '../backward.ts';
import type { Graph, Op, Value } from '../graph.ts';
import { rowsOfSlab, slabsOf, type Weight } from '../weight.ts';
import { matmulBackward } from './matmul-backward.ts';
import { outerProduct } from './outer-product.ts';
import { checkProduct, product } from './product.ts';
import { rowSum } from './row-sum.ts';

export interface MatmulOptions {
  /** (O), frozen or trained. */
  readonly bias?: Value;
  /** (O,T), added to the result: a residual. */
  readonly addend?: Value;
  /** (O,T), overwritten: the result is `into + scale·W·x`. Goes without bias and addend. */
  readonly into?: Value | undefined;
  /** (T) f32: what each token has of the result. Generation only: alone, and without gradients. */
  readonly strength?: Value | undefined;
  readonly scale?: number;
  readonly label?: string;
  /** Runs only when the host's count is above this; see Op.onlyIf. */
  readonly onlyIf?: Op['onlyIf'];
}

/** W (O,C), x (C,T) → y (O,T). Throws TypeError when the shapes do not fit. */
export function matmul(g: Graph, weight: Weight, x: Value, options: MatmulOptions = {}): Value {
  const { bias, addend, into, strength, scale = 1, label = weight.name, onlyIf } = options;
  const { rows: O, columns: C } = weight;
  const T = x.shape[1]!;
  checkProduct(label, 'x', x, [C, T]);
  if (addend) checkProduct(label, 'addend', addend, [O, T]);
  if (into) checkProduct(label, 'into', into, [O, T]);
  if (into && (bias || addend))
    throw new TypeError(`Cannot multiply "${label}": found into with bias or addend, need one of them`);
  const y = into ? g.inPlace(into.name, into) : g.activation(label, [O, T]);
  if (strength) {
    g.push(product({ label, weight, side: 'rows', x, y, epilogue: 'strength', extra: { strength }, scale, onlyIf }, g));
    return y;
  }
  const epilogue = into ? 'accumulate' : bias && addend ? 'bias-addend' : bias ? 'bias' : addend ? 'addend' : 'store';
  const extra = { ...(bias && { bias }), ...(addend && { addend }) };
  const slabs = slabsOf(g, weight);
  const backward = (tape: Tape) => {
    const dy = tape.gradient(y);
    tape.accumulate(x, (into) => matmulBackward(tape.graph, weight, dy, { into, scale }));
    if (weight.codes.role === 'trainable')
      for (const slab of slabs) {
        const gradient = tape.graph.gradientOf(slab.weight.codes);
        outerProduct(tape.graph, rowsOfSlab(tape.graph, dy, slab), x, gradient, scale);
      }
    if (bias?.role === 'trainable') rowSum(tape.graph, tape.graph.gradientOf(bias), 'bias', { dy }, { rows: O, T });
    if (addend) tape.passThrough(addend, dy);
    if (into) tape.passThrough(into, dy);
  };
  for (const [i, slab] of slabs.entries()) {
    const rows = (value: Value) => rowsOfSlab(g, value, slab);
    const ofSlab = Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, rows(value)]));
    const spec = { label, weight: slab.weight, x, y: rows(y), epilogue, extra: ofSlab, scale, onlyIf } as const;
    // The first one's is the last that backward comes to; the others say that gradients flow through them.
    g.push({ ...product({ ...spec, side: 'rows' }, g), backward: i === 0 ? backward : () => {} });
  }
  return y;
}
