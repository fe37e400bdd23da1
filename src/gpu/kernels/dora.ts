// DoRA (Liu et al. 2024, "Weight-Decomposed Low-Rank Adaptation"): each row of W + s·B·A is brought to a trained length m.
//   n = ‖W + s·B·A‖ by row, a constant to the gradient    y = m/n · (W·x + s·B·A·x) (+ bias) (+ addend)
// Backward:  dv = m/n · dy   dm = Σ_t dy·v / n      with v = W·x + s·B·A·x

import type { Graph, Value } from '../graph.ts';
import { grid1d } from '../grid.ts';
import { rowsOfSlab, slabsOf, type Weight } from '../weight.ts';
import { weightBindings, weightPart } from './product.ts';
import { rowSum } from './row-sum.ts';

/** n (O) of W (O,C) with A (R,C) and B (O,R), f32 factors. `into`: where it is written, an activation when absent. */
export function doraNorm(g: Graph, weight: Weight, a: Value, b: Value, scaling: number, into?: Value): Value {
  const { rows: O, columns: C } = weight;
  const R = a.shape[0]!;
  if (a.shape[1] !== C || b.shape[0] !== O || b.shape[1] !== R)
    throw new TypeError(
      `Cannot measure "${weight.name}": found A ${a.shape} and B ${b.shape}, need them for ${O}×${C}`,
    );
  const n = into ?? g.activation(`${weight.name} norm`, [O]);
  // CPU adapters: one lane a group of rows, no barrier. GPUs: lanes share the columns.
  const [LANES, WG] = g.traits.kind === 'cpu' ? [1, 8] : [32, 4];
  for (const slab of slabsOf(g, weight)) {
    const { rows } = slab.weight;
    g.push({
      label: `norm ${weight.name}`,
      shader: { file: 'dora-norm', parts: { weight: weightPart(slab.weight) }, overrides: { LANES, WG } },
      bindings: { ...weightBindings(slab.weight), a, b: rowsOfSlab(g, b, slab), n: rowsOfSlab(g, n, slab) },
      writes: ['n'],
      params: { O: rows, C, R, scale: scaling },
      grid: [Math.ceil(rows / (4 * WG)), 1, 1],
      flops: 2 * rows * C * (R + 1),
    });
  }
  return n;
}

/** v (O,T), m (O), n (O) → y (O,T). */
export function doraScale(
  g: Graph,
  v: Value,
  m: Value,
  n: Value,
  { bias, addend, label = 'dora' }: { readonly bias?: Value; readonly addend?: Value; readonly label?: string } = {},
): Value {
  const [O, T] = v.shape as [number, number];
  const y = g.activation(label, [O, T]);
  const epilogue = bias && addend ? 'bias-addend' : bias ? 'bias' : addend ? 'addend' : 'store';
  g.push({
    label: `dora ${label}`,
    shader: { file: 'dora', parts: { epilogue: `epilogue-${epilogue}` }, overrides: { WG: 64 } },
    bindings: { v, m, n, y, ...(bias && { bias }), ...(addend && { addend }) },
    writes: ['y'],
    params: { O, T4: T / 4, scale: 1 },
    grid: grid1d((O * T) / 4, 64),
    backward: (tape) => {
      const dy = tape.gradient(y);
      if (m.role === 'trainable')
        rowSum(tape.graph, tape.graph.gradientOf(m), 'magnitude', { dy, v, n }, { rows: O, T });
      if (bias?.role === 'trainable') rowSum(tape.graph, tape.graph.gradientOf(bias), 'bias', { dy }, { rows: O, T });
      tape.accumulate(v, (into) => {
        const dv = into ? g.inPlace(into.name, into) : tape.fresh(v);
        g.push({
          label: `dora backward ${label}`,
          shader: { file: 'dora-backward', overrides: { WG: 64 } },
          bindings: { m, n, dy, dv },
          writes: ['dv'],
          params: { O, T4: T / 4, accumulate: into ? 1 : 0 },
          grid: grid1d((O * T) / 4, 64),
        });
        return dv;
      });
      if (addend) tape.passThrough(addend, dy);
    },
  });
  return y;
}

/** Adds to y (O,T), in place, what DoRA changes of w = W·x with l = s·B·A·x, times the strength of each token. No gradient. */
export function doraStrength(
  g: Graph,
  y: Value,
  parts: { readonly w: Value; readonly l: Value; readonly m: Value; readonly n: Value; readonly strength: Value },
): Value {
  const [O, T] = y.shape as [number, number];
  const result = g.inPlace(y.name, y);
  g.push({
    label: `dora ${y.name}`,
    shader: { file: 'dora-strength', overrides: { WG: 64 } },
    bindings: { ...parts, y: result },
    writes: ['y'],
    params: { O, T4: T / 4 },
    grid: grid1d((O * T) / 4, 64),
  });
  return result;
}
