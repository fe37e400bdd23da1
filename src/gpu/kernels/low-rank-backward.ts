// What flows back through the low-rank branches of linears that read one x: the gradients of u, B and A.
//   duᵢ = sᵢ·Bᵢᵀ·dyᵢ   dBᵢ += sᵢ·dyᵢ·uᵢᵀ   dA += du·xᵀ
// One dispatch for all du, and one for all dB and dA, where the linears have one rank and one s and where their dy and their B lie
// one below the other; else linears take theirs one by one. Fixed order of every sum, no atomics.

import type { Graph, Value } from '../graph.ts';
import type { Weight } from '../weight.ts';
import { outerShader } from './outer-product.ts';
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
}

/** Linears of one dispatch; see low-rank-span.wgsl. */
const MAX_LINEARS = 3;

/** Adds to the gradients of A and of each B; returns du (ΣR,T). */
export function lowRankBackward(g: Graph, { x, a, u }: BranchesInput, branches: readonly BackwardBranch[]): Value {
  const T = x.shape[1]!;
  const joined = joinBranches(g, branches);
  let du: Value | undefined;
  let first = 0;
  const dispatches = (joined ? [joined] : branches.map((branch) => ({ ...branch, ends: [branch.b.rows] }))).map(
    ({ dy, b, scaling, ends }) => {
      const R = b.columns;
      const [end_0, end_1, end_2] = [0, 1, 2].map((z) => ends[Math.min(z, ends.length - 1)]!);
      const params = { R, T4: T / 4, scale: scaling, u_row: first, end_0: end_0!, end_1: end_1!, end_2: end_2! };
      du = du === undefined ? g.activation('du', u.shape) : g.inPlace('du', du);
      g.push({
        label: `${b.name} backward`,
        ...duVariant(g, { R, T, linears: ends.length }),
        bindings: { b: b.codes, dy, du },
        writes: ['du'],
        params,
        flops: 2 * b.rows * R * T,
      });
      first += ends.length * R;
      return { dy, b, ends, params };
    },
  );
  for (const [i, { dy, b, ends, params }] of dispatches.entries()) {
    // dA takes all of du, and goes with the last of them.
    const C = i === dispatches.length - 1 ? a.columns : 0;
    const { shader, tile } = outerShader(g, 'outer-factors');
    const rows = ends.map((end, z) => end - (ends[z - 1] ?? 0));
    const tiles = [...rows, C].reduce((n, length) => n + Math.ceil(length / tile[0]), 0);
    g.push({
      label: `outer ${b.name}`,
      shader,
      bindings: { dy, u, db: g.gradientOf(b.codes), x, du: du!, da: g.gradientOf(a.codes) },
      writes: ['db', 'da'],
      params: { ...params, C, ranks: a.rows },
      grid: [tiles, Math.ceil((C > 0 ? a.rows : b.columns) / tile[1]), 1],
      flops: 2 * (b.rows * b.columns + C * a.rows) * T,
    });
  }
  return du!;
}

/** All of them as one, with the row at which each ends. */
function joinBranches(
  g: Graph,
  branches: readonly BackwardBranch[],
): (BackwardBranch & { readonly ends: readonly number[] }) | undefined {
  const [{ b, scaling }] = branches as readonly [BackwardBranch];
  if (branches.length > MAX_LINEARS) return undefined;
  if (branches.some((branch) => branch.b.columns !== b.columns || branch.scaling !== scaling)) return undefined;
  const dy = g.joined(branches.map((branch) => branch.dy));
  const codes = branches.length === 1 ? b.codes : g.stacked(branches.map((branch) => branch.b.codes));
  if (dy === undefined || codes === undefined) return undefined;
  let rows = 0;
  const ends = branches.map((branch) => (rows += branch.b.rows));
  return { dy, b: { ...b, rows, codes }, scaling, ends };
}

function duVariant({ traits }: Graph, { R, T, linears }: Record<'R' | 'T' | 'linears', number>) {
  if (hasLanes(traits)) {
    const LANES = traits.subgroupSize;
    const RANKS = R <= 8 ? 8 : 16;
    return {
      shader: { file: 'low-rank-du-subgroups', constants: { LANES, RANKS } },
      grid: [Math.ceil(T / (4 * LANES)), Math.ceil(R / RANKS), linears] as const,
    };
  }
  const [WG_T, SLICES] = traits.kind === 'cpu' ? [8, 1] : [4, 32];
  return {
    shader: { file: 'low-rank-du-split', constants: { WG_T, SLICES } },
    grid: [Math.ceil(T / (4 * WG_T)), Math.ceil(R / 8), linears] as const,
  };
}
