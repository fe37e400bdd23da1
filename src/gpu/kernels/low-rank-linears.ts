// Linears that read the same x, some or all of them with a low-rank branch, in as few dispatches as there can be: all A in one
// product, and W with B in one product of all linears where they lie side by side, else in one of each.
//   u = A·x with A = [A₀; A₁; …]     yᵢ = Wᵢ·x + sᵢ·Bᵢ·uᵢ (+ biasᵢ) (+ addendᵢ)
// Backward, the same way round:
//   duᵢ = sᵢ·Bᵢᵀ·dyᵢ   dBᵢ += sᵢ·dyᵢ·uᵢᵀ   dA += du·xᵀ   dx += Aᵀ·du + Σ Wᵢᵀ·dyᵢ, Aᵀ·du within the first of these
// products, all of which are one where the Wᵢ and the dyᵢ lie side by side. With dropout each branch multiplies what its own mask
// keeps of x (masks of a bit an element, made once, in place of copies of x), and Aᵀ·du is a product of its own.

import type { Tape } from '../backward.ts';
import type { Graph, Value } from '../graph.ts';
import { adjoinedWhole, rowsOfSlab, type Slab, slabsOf, type Weight } from '../weight.ts';
import { type Drop, dropoutMasks, type Masks } from './dropout.ts';
import { joinFactors, keptBackward, lowRankBackward } from './low-rank-backward.ts';
import { matmul } from './matmul.ts';
import { matmulBackward } from './matmul-backward.ts';
import { checkProduct, type LowRankTerm, product, type Span } from './product.ts';
import { rowSum } from './row-sum.ts';

export interface LowRankLinear {
  /** (O,C); frozen where there is a branch. */
  readonly weight: Weight;
  readonly branch?: LinearBranch | undefined;
  /** (O), frozen or trained. */
  readonly bias?: Value | undefined;
  /** (O,T), added to the result: a residual. */
  readonly addend?: Value | undefined;
  readonly label: string;
}

export interface LinearBranch {
  /** (O,R), R a multiple of 4. */
  readonly b: Weight;
  readonly scaling: number;
}

export interface LowRankInput {
  /** (C,T) */
  readonly x: Value;
  /** Which elements of x each branch drops, in their order, all of one rank (canShareDropped where there are several); absent: none. */
  readonly drops?: readonly Drop[] | undefined;
  /** (ΣR,C), C a multiple of 4: the rows of each branch's A below those of the one before. Absent without branches. */
  readonly a?: Weight | undefined;
  /** (T) f32: strength of the adapter for each token. Generation only, without gradients. */
  readonly strength?: Value | undefined;
}

/** yᵢ (O,T) of each linear. Throws TypeError when the shapes do not fit. */
export function lowRankLinears(g: Graph, input: LowRankInput, linears: readonly LowRankLinear[]): Value[] {
  const { x, a, strength, drops } = input;
  const T = x.shape[1]!;
  const branches = linears.flatMap(({ branch }) => branch ?? []);
  checkRanks(a, branches);
  for (const { weight, addend, label } of linears) {
    checkProduct(label, 'x', x, [weight.columns, T]);
    if (addend) checkProduct(label, 'addend', addend, [weight.rows, T]);
  }
  const whole = joinLinears(g, x, linears);
  if (whole === undefined && branches.length < linears.length) return mixed(g, input, linears);

  const masks = a && drops && dropoutMasks(g, drops, x.shape, a.rows / drops.length);
  const u = a && project(g, a, x, strength, masks);
  const results = resultsOf(g, linears, T);
  const backward = (tape: Tape) => {
    const { graph } = tape;
    const dys = results.map((y) => tape.gradient(y));
    const dy = graph.joined(dys);
    const flows = linears.flatMap(({ branch }, i) => (branch ? [{ ...branch, dy: dys[i]! }] : []));
    const du = a && u && lowRankBackward(graph, { x, a, u, masks }, flows, dy && { dy, spans: spansOf(linears) });
    const lowRank = a && du && { factor: a, u: du, first: 0, scaling: 1 };
    const matrix = adjoinedWhole(linears.map(({ weight }) => weight));
    const isOne = matrix !== undefined && dy !== undefined;
    const products = isOne ? [{ weight: matrix, dy }] : linears.map(({ weight }, i) => ({ weight, dy: dys[i]! }));
    tape.accumulate(x, (into) => {
      const dx = products.reduce<Value | undefined>((dx, { weight, dy }, i) => {
        const isWithin = i === 0 && masks === undefined;
        return matmulBackward(graph, weight, dy, { into: dx, ...(isWithin && lowRank && { lowRank }) });
      }, into)!;
      return masks ? keptBackward(graph, { a, masks }, du!, dx) : dx;
    });
    for (const [i, { bias, addend, weight }] of linears.entries()) {
      if (bias?.role === 'trainable')
        rowSum(graph, graph.gradientOf(bias), 'bias', { dy: dys[i]! }, { rows: weight.rows, T });
      if (addend) tape.passThrough(addend, dys[i]!);
    }
  };

  if (whole !== undefined) {
    const { factors, ...linear } = whole;
    const lowRank = factors && {
      factor: factors.b,
      u: u!,
      first: 0,
      scaling: factors.scaling,
      spans: spansOf(linears),
    };
    pushProduct(g, { ...linear, x, y: g.joined(results)!, lowRank, backward });
    return results;
  }
  let first = 0;
  for (const [i, { branch, ...linear }] of linears.entries()) {
    const { b: factor, scaling } = branch!;
    const lowRank = { factor, u: u!, first, scaling };
    first += factor.columns;
    // The gradient's ops are visited last to first, so at the first linear the gradients of all results are there.
    pushProduct(g, { ...linear, x, y: results[i]!, lowRank, backward: i === 0 ? backward : () => {} });
  }
  return results;
}

/** What one product of several linears is made of. */
interface Joined extends Pick<LowRankLinear, 'weight' | 'bias' | 'label'> {
  /** B of all branches as one. */
  readonly factors: LinearBranch | undefined;
}

/** Linears as one, where all that they consist of lies side by side; undefined where it does not. */
function joinLinears(g: Graph, x: Value, linears: readonly LowRankLinear[]): Joined | undefined {
  const weight = adjoinedWhole(linears.map((linear) => linear.weight));
  const rows = linears.map((linear) => linear.weight.rows);
  if (linears.length === 1 || weight === undefined || !g.canAdjoin(rows, x.shape[1]!)) return undefined;
  if (linears.some(({ addend }) => addend !== undefined)) return undefined;
  // A gradient that one of them needs would be computed for all.
  const [first, ...others] = linears.map(
    ({ branch, bias }) => x.requiresGrad || branch?.b.codes.requiresGrad === true || bias?.requiresGrad === true,
  );
  if (others.some((needs) => needs !== first)) return undefined;
  const biases = linears.flatMap((linear) => linear.bias ?? []);
  const bias = biases.length === linears.length ? g.stacked(biases) : undefined;
  if (biases.length > 0 && bias === undefined) return undefined;
  const branches = linears.flatMap((linear) => linear.branch ?? []);
  const factors = branches.length > 0 ? joinFactors(g, branches) : undefined;
  if (branches.length > 0 && factors === undefined) return undefined;
  return { weight, bias, factors, label: linears.map(({ label }) => label).join(', ') };
}

/** The rows of those that have a branch. */
function spansOf(linears: readonly LowRankLinear[]): Span[] {
  let end = 0;
  return linears.flatMap(({ weight, branch }): Span[] => {
    const begin = end;
    end += weight.rows;
    return branch ? [[begin, end]] : [];
  });
}

/** Those with a branch together, the others each by itself. */
function mixed(g: Graph, input: LowRankInput, linears: readonly LowRankLinear[]): Value[] {
  const branched = linears.filter(({ branch }) => branch);
  const made = branched.length > 0 ? lowRankLinears(g, input, branched) : [];
  return linears.map((linear) => {
    const { weight, branch, bias, addend, label } = linear;
    if (branch) return made[branched.indexOf(linear)]!;
    return matmul(g, weight, input.x, { label, ...(bias && { bias }), ...(addend && { addend }) });
  });
}

interface ProductOfLinear extends Pick<LowRankLinear, 'weight' | 'bias' | 'addend' | 'label'> {
  readonly x: Value;
  readonly y: Value;
  readonly lowRank: LowRankTerm | undefined;
  readonly backward: (tape: Tape) => void;
}

/** One op, or one for each slab of the weight. */
function pushProduct(g: Graph, { weight, bias, addend, label, x, y, lowRank, backward }: ProductOfLinear): void {
  const epilogue = bias && addend ? 'bias-addend' : bias ? 'bias' : addend ? 'addend' : 'store';
  const extra = { ...(bias && { bias }), ...(addend && { addend }) };
  for (const slab of slabsOf(g, weight)) {
    const rows = (value: Value) => rowsOfSlab(g, value, slab);
    const ofSlab = Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, rows(value)]));
    const spec = { label, weight: slab.weight, x, y: rows(y), epilogue, extra: ofSlab } as const;
    const term =
      lowRank && (slab.weight === weight ? lowRank : { ...lowRank, factor: factorOfSlab(g, lowRank.factor, slab) });
    g.push({
      ...product({ ...spec, lowRank: term, side: 'rows', scale: 1 }, g),
      backward: slab.first === 0 ? backward : () => {},
    });
  }
}

function factorOfSlab(g: Graph, factor: Weight, slab: Slab): Weight {
  return { ...factor, rows: slab.weight.rows, codes: rowsOfSlab(g, factor.codes, slab) };
}

function checkRanks(a: Weight | undefined, branches: readonly LinearBranch[]): void {
  const ranks = branches.map(({ b }) => b.columns);
  const [rows, columns] = [a?.rows ?? 0, a?.columns ?? 0];
  if (rows !== ranks.reduce((sum, R) => sum + R, 0) || columns % 4 !== 0 || ranks.some((R) => R % 4 !== 0))
    throw new TypeError(
      `Cannot multiply "${a?.name}": found ${rows}×${columns} for ranks ${ranks}, need their sum and multiples of 4`,
    );
}

/** The linears' results, side by side where they can lie so. */
function resultsOf(g: Graph, linears: readonly LowRankLinear[], T: number): Value[] {
  const isWhole = linears.every(({ weight }) => slabsOf(g, weight).length === 1);
  if (!isWhole) return linears.map(({ weight, label }) => g.activation(label, [weight.rows, T]));
  const labels = linears.map(({ label }) => label);
  return g.adjoining(
    labels,
    linears.map(({ weight }) => weight.rows),
    T,
  );
}

/** u = A·x, of what masks keep of x. Its gradient is part of the linears' own. */
function project(g: Graph, a: Weight, x: Value, strength: Value | undefined, masks: Masks | undefined): Value {
  checkProduct(a.name, 'x', x, [a.columns, x.shape[1]!]);
  if (strength) return matmul(g, a, x, { strength, label: a.name });
  const u = g.activation(a.name, [a.rows, x.shape[1]!]);
  const epilogue = masks ? 'dropped' : 'store';
  const spec = { label: a.name, weight: a, side: 'rows', x, y: u, epilogue, scale: 1, masks } as const;
  g.push({ ...product(spec, g), keep: true });
  return u;
}
