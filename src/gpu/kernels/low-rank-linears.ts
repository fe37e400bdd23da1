// Linears that read the same x, each with a low-rank branch, in as few dispatches as there are products of the base and one
// more: all A in one product, each B added to its sum in the base's own.
//   u = A·x with A = [A₀; A₁; …]     yᵢ = Wᵢ·x + sᵢ·Bᵢ·uᵢ (+ biasᵢ) (+ addendᵢ)
// Backward, the same way round:
//   duᵢ = sᵢ·Bᵢᵀ·dyᵢ   dBᵢ += sᵢ·dyᵢ·uᵢᵀ   dA += du·xᵀ   dx += Aᵀ·du + Σ Wᵢᵀ·dyᵢ, Aᵀ·du within the first of these
// products, all of which are one where the Wᵢ and the dyᵢ lie side by side

import type { Tape } from '../backward.ts';
import type { Graph, Value } from '../graph.ts';
import { adjoinedWhole, rowsOfSlab, slabsOf, type Weight } from '../weight.ts';
import { lowRankBackward } from './low-rank-backward.ts';
import { matmul } from './matmul.ts';
import { matmulBackward } from './matmul-backward.ts';
import { checkProduct, product } from './product.ts';
import { rowSum } from './row-sum.ts';

export interface LowRankLinear {
  /** (O,C), frozen. */
  readonly weight: Weight;
  /** (O,R), R a multiple of 4. */
  readonly b: Weight;
  readonly scaling: number;
  /** (O), frozen or trained. */
  readonly bias?: Value | undefined;
  /** (O,T), added to the result: a residual. */
  readonly addend?: Value | undefined;
  readonly label: string;
}

export interface LowRankInput {
  /** (C,T) */
  readonly x: Value;
  /** x of the low-rank branches where elements of it are dropped; x when absent. */
  readonly dropped?: Value | undefined;
  /** (ΣR,C), C a multiple of 4: the rows of each linear's A below those of the one before. */
  readonly a: Weight;
  /** (T) f32: strength of the adapter for each token. Generation only, without gradients. */
  readonly strength?: Value | undefined;
}

/** yᵢ (O,T) of each linear. Throws TypeError when the shapes do not fit. */
export function lowRankLinears(g: Graph, input: LowRankInput, linears: readonly LowRankLinear[]): Value[] {
  const { x, a, strength } = input;
  const T = x.shape[1]!;
  const dropped = input.dropped ?? x;
  let rows = 0;
  const firsts = linears.map(({ b }) => {
    const first = rows;
    rows += b.columns;
    return first;
  });
  if (rows !== a.rows || a.columns % 4 !== 0 || linears.some(({ b }) => b.columns % 4 !== 0))
    throw new TypeError(
      `Cannot multiply "${a.name}": found ${a.rows}×${a.columns} for ranks ${linears.map(({ b }) => b.columns)}, need their sum and multiples of 4`,
    );
  const u = project(g, a, dropped, strength);
  for (const { weight, addend, label } of linears) {
    checkProduct(label, 'x', x, [weight.columns, T]);
    if (addend) checkProduct(label, 'addend', addend, [weight.rows, T]);
  }
  const results = resultsOf(g, linears, T, strength === undefined);

  const backward = (tape: Tape) => {
    const dys = results.map((y) => tape.gradient(y));
    const branches = linears.map(({ b, scaling }, i) => ({ dy: dys[i]!, b, scaling }));
    const du = lowRankBackward(tape.graph, { x: dropped, a, u }, branches);
    const lowRank = { factor: a, u: du, first: 0, scaling: 1 };
    const whole = adjoinedWhole(linears.map(({ weight }) => weight));
    const all = whole && tape.graph.joined(dys);
    const products = all ? [{ weight: whole, dy: all }] : linears.map(({ weight }, i) => ({ weight, dy: dys[i]! }));
    tape.accumulate(
      x,
      (into) =>
        products.reduce<Value | undefined>((dx, { weight, dy }, i) => {
          const isWithin = i === 0 && dropped === x;
          return matmulBackward(tape.graph, weight, dy, { into: dx, ...(isWithin && { lowRank }) });
        }, into)!,
    );
    if (dropped !== x) tape.accumulate(dropped, (into) => matmulBackward(tape.graph, a, du, { into }));
    for (const [i, { bias, addend, weight }] of linears.entries()) {
      const dy = dys[i]!;
      if (bias?.role === 'trainable')
        rowSum(tape.graph, tape.graph.gradientOf(bias), 'bias', { dy }, { rows: weight.rows, T });
      if (addend) tape.passThrough(addend, dy);
    }
  };

  for (const [i, { weight, b, scaling, bias, addend, label }] of linears.entries()) {
    const epilogue = bias && addend ? 'bias-addend' : bias ? 'bias' : addend ? 'addend' : 'store';
    const extra = { ...(bias && { bias }), ...(addend && { addend }) };
    for (const slab of slabsOf(g, weight)) {
      const rows = (value: Value) => rowsOfSlab(g, value, slab);
      const factor = { ...b, rows: slab.weight.rows, codes: rows(b.codes) };
      const lowRank = { factor, u, first: firsts[i]!, scaling };
      const ofSlab = Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, rows(value)]));
      const spec = { label, weight: slab.weight, x, y: rows(results[i]!), epilogue, extra: ofSlab, lowRank } as const;
      g.push({
        ...product({ ...spec, side: 'rows', scale: 1 }, g),
        // The gradient's ops are visited last to first, so at the first linear the gradients of all results are there.
        backward: i === 0 && slab.first === 0 ? backward : () => {},
      });
    }
  }
  return results;
}

/** The linears' results; side by side where a gradient takes them together. */
function resultsOf(g: Graph, linears: readonly LowRankLinear[], T: number, isTrained: boolean): Value[] {
  const isWhole = linears.every(({ weight }) => slabsOf(g, weight).length === 1);
  if (!isTrained || !isWhole) return linears.map(({ weight, label }) => g.activation(label, [weight.rows, T]));
  const labels = linears.map(({ label }) => label);
  return g.adjoining(
    labels,
    linears.map(({ weight }) => weight.rows),
    T,
  );
}

/** u = A·x. Its gradient is part of the linears' own. */
function project(g: Graph, a: Weight, x: Value, strength: Value | undefined): Value {
  checkProduct(a.name, 'x', x, [a.columns, x.shape[1]!]);
  if (strength) return matmul(g, a, x, { strength, label: a.name });
  const u = g.activation(a.name, [a.rows, x.shape[1]!]);
  const spec = { label: a.name, weight: a, side: 'rows', x, y: u, epilogue: 'store', scale: 1 } as const;
  g.push({ ...product(spec, g), keep: true });
  return u;
}
