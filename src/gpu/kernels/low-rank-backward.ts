// What flows back through the low-rank branches of linears that read one x: the gradients of u, B and A.
//   duᵢ = sᵢ·Bᵢᵀ·dyᵢ   dBᵢ += sᵢ·dyᵢ·uᵢᵀ   dA += du·xᵀ
// One dispatch for all du, and one for all dB and dA, where the branches have one rank and one s and where their dy and their B lie
// one below the other; else they take theirs one by one. Fixed order of every sum, no atomics.

import type { Graph, Value } from '../graph.ts';
import type { Weight } from '../weight.ts';
import type { Masks } from './dropout.ts';
import { outerShader } from './outer-product.ts';
import { MAX_SPANS, type Span, spanParams } from './product.ts';
import { hasLanes } from './product-variants.ts';

export interface BackwardBranch {
  /** (O,T) */
  readonly dy: Value;
  /** (O,R), trained. */
  readonly b: Weight;
  readonly scaling: number;
}

export interface BranchesInput {
  /** (C,T), what A is multiplied with. */
  readonly x: Value;
  /** (ΣR,C), trained: the rows of each branch's A below those of the one before. */
  readonly a: Weight;
  /** (ΣR,T) = A·x */
  readonly u: Value;
  /** What each branch keeps of x, where elements of it are dropped. */
  readonly masks?: Masks | undefined;
}

/** Gradients of linears side by side, those without a branch among them, and the rows of those with one. */
export interface BackwardGroup {
  readonly dy: Value;
  readonly spans: readonly Span[];
}

/** Adds to the gradients of A and of each B; returns du (ΣR,T). */
export function lowRankBackward(
  g: Graph,
  { x, a, u, masks }: BranchesInput,
  branches: readonly BackwardBranch[],
  group?: BackwardGroup,
): Value {
  const T = x.shape[1]!;
  const factors = group && joinFactors(g, branches);
  const sets = factors
    ? [{ ...factors, ...group }]
    : branches.map((branch) => ({ ...branch, spans: [[0, branch.b.rows]] as const }));
  let du: Value | undefined;
  let first = 0;
  const dispatches = sets.map(({ dy, b, scaling, spans }) => {
    const R = b.columns;
    const params = { R, T4: T / 4, scale: scaling, u_row: first, ...spanParams(spans) };
    du = du === undefined ? g.activation('du', u.shape) : g.inPlace('du', du);
    g.push({
      label: `${b.name} backward`,
      ...duVariant(g, { R, T, branches: spans.length }),
      bindings: { b: b.codes, dy, du },
      writes: ['du'],
      params,
      flops: 2 * b.rows * R * T,
    });
    first += spans.length * R;
    return { dy, b, spans, params };
  });
  for (const [i, { dy, b, spans, params }] of dispatches.entries()) {
    // dA takes all of du, and goes with the last of them; with masks, each takes that of its branches.
    const C = masks || i === dispatches.length - 1 ? a.columns : 0;
    const ranks = masks?.ranks ?? a.rows;
    const { shader, tile } = outerShader(g, 'outer-factors');
    const lengths = [...spans.map(([begin, end]) => end - begin), C];
    const tiles = lengths.reduce((n, length) => n + Math.ceil(length / tile[0]), 0);
    g.push({
      label: `outer ${b.name}`,
      shader: { ...shader, parts: { ...shader.parts, input: masks ? 'input-dropped' : 'input-plain' } },
      bindings: {
        ...{ dy, u, db: g.gradientOf(b.codes), x, du: du!, da: g.gradientOf(a.codes) },
        ...(masks && { masks: masks.bits }),
      },
      writes: ['db', 'da'],
      params: { ...params, C, ranks, a_scale: masks?.keepScale ?? 1, a_row: masks ? params.u_row : 0 },
      grid: [tiles, Math.ceil((C > 0 ? Math.max(ranks, b.columns) : b.columns) / tile[1]), masks ? spans.length : 1],
      flops: 2 * (b.rows * b.columns + C * (masks ? spans.length * ranks : a.rows)) * T,
    });
  }
  return du!;
}

/** dx + Σ keptᵢ∘Aᵢᵀ·duᵢ / (1 - p), in the memory of dx: the rest of the gradient of x, where elements of it are dropped. */
export function keptBackward(g: Graph, { a, masks }: { a: Weight; masks: Masks }, du: Value, dx: Value): Value {
  const { rows, columns: C } = a;
  const T = dx.shape[1]!;
  const into = g.inPlace(dx.name, dx);
  const hasSubgroups = hasLanes(g.traits);
  const LANES = g.traits.subgroupSize;
  const WG = 64;
  g.push({
    label: `${a.name} backward`,
    shader: hasSubgroups
      ? { file: 'low-rank-kept-subgroups', constants: { LANES } }
      : { file: 'low-rank-kept', overrides: { WG } },
    bindings: { a: a.codes, du, dx: into, masks: masks.bits },
    writes: ['dx'],
    params: { C, T4: T / 4, R: masks.ranks, branches: rows / masks.ranks, scale: masks.keepScale },
    grid: hasSubgroups
      ? [Math.ceil(T / (4 * LANES)), Math.ceil(C / (4 * LANES)), 1]
      : [Math.ceil(T / (4 * WG)), C / 4, 1],
    flops: 2 * rows * C * T,
  });
  return into;
}

/** The B of branches as one (ΣO,R), where they have one rank, one scaling, and lie one below the other. */
export function joinFactors(
  g: Graph,
  branches: readonly Pick<BackwardBranch, 'b' | 'scaling'>[],
): Pick<BackwardBranch, 'b' | 'scaling'> | undefined {
  const [{ b, scaling }] = branches as readonly [BackwardBranch];
  if (branches.length > MAX_SPANS) return undefined;
  if (branches.some((branch) => branch.b.columns !== b.columns || branch.scaling !== scaling)) return undefined;
  const codes = branches.length === 1 ? b.codes : g.stacked(branches.map((branch) => branch.b.codes));
  return codes && { b: { ...b, rows: codes.shape[0]!, codes }, scaling };
}

function duVariant({ traits }: Graph, { R, T, branches }: Record<'R' | 'T' | 'branches', number>) {
  if (hasLanes(traits)) {
    const LANES = traits.subgroupSize;
    const RANKS = R <= 8 ? 8 : 16;
    return {
      shader: { file: 'low-rank-du-subgroups', constants: { LANES, RANKS } },
      grid: [Math.ceil(T / (4 * LANES)), Math.ceil(R / RANKS), branches] as const,
    };
  }
  const [WG_T, SLICES] = traits.kind === 'cpu' ? [8, 1] : [4, 32];
  return {
    shader: { file: 'low-rank-du-split', constants: { WG_T, SLICES } },
    grid: [Math.ceil(T / (4 * WG_T)), Math.ceil(R / 8), branches] as const,
  };
}
