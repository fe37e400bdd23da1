// Which low-rank branches of an adapter are computed together, and which with the base's own products. This is the one place
// that decides it: linears with one input share the product of their A, and each B·u is part of the base's product
// (gpu/kernels/low-rank-linears.ts). What does not fit takes products of its own (low-rank.ts), with the same result.

import { byteLength, type Graph, type Value } from '../gpu/graph.ts';
import { type Drop, dropout, MAX_MASKS } from '../gpu/kernels/dropout.ts';
import { lowRank } from '../gpu/kernels/low-rank.ts';
import { type LowRankInput, lowRankLinears } from '../gpu/kernels/low-rank-linears.ts';
import { canShareDropped } from '../gpu/kernels/product-variants.ts';
import { factorWeight, type Weight } from '../gpu/weight.ts';
import { type LinearParts, type ParameterSource, plainLinear } from '../model/layers.ts';

/** s·B·A·x at one linear. */
export interface Branch {
  /** (R,C) */
  readonly a: Value;
  /** (O,R) */
  readonly b: Value;
  readonly scaling: number;
  /** Which elements of x this branch drops. */
  readonly drop?: Drop | undefined;
}

export interface BranchOptions {
  readonly source?: ParameterSource;
  /** (T) f32: what each token has of the branches. Without gradients. */
  readonly strength?: Value | undefined;
}

/** A linear with its branch; without one, the base's alone. */
export type Branched = readonly [call: LinearParts, branch: Branch | undefined];

/** The results of linears that read one x, in their order. */
export function branchedLinears(g: Graph, linears: readonly Branched[], options: BranchOptions): Value[] {
  const { source, strength } = options;
  const results = new Map<LinearParts, Value>();
  const compute = (input: Omit<LowRankInput, 'x'>, together: readonly Branched[]) => {
    const made = lowRankLinears(
      g,
      { x: together[0]![0].x, strength, ...input },
      together.map(([call, branch]) => ({
        ...plainLinear(call, source),
        branch: branch && { b: factorWeight(branch.b), scaling: branch.scaling },
      })),
    );
    for (const [i, [call]] of together.entries()) results.set(call, made[i]!);
  };

  const fits = ([call, branch]: Branched) => branch !== undefined && fitsWithin(g, call.weight(source), branch);
  // What does not fit is added to the base's own result.
  const own = linears.map((linear): Branched => [linear[0], fits(linear) ? linear[1] : undefined]);
  const branches = own.flatMap(([, branch]) => branch ?? []);
  const factors = branches.map((branch) => branch.a);
  const a = factors.length > 1 ? g.stacked(factors) : factors[0];
  const isShared = factors.length === 0 || (a !== undefined && isOneBinding(g, a) && canShareMasks(branches));
  if (isShared && own.length > 0) compute({ a: a && factorWeight(a), drops: dropsOf(branches) }, own);
  for (const linear of own) {
    const [call, branch] = linear;
    if (results.has(call)) continue;
    compute({ a: branch && factorWeight(branch.a), drops: branch && dropsOf([branch]) }, [linear]);
  }

  return linears.map((linear) => {
    const [call, branch] = linear;
    const y = results.get(call)!;
    return branch === undefined || fits(linear) ? y : addBranch(g, branch, call.x, y, strength);
  });
}

/** y + strength·s·B·A·x, in the memory of y, by products of its own. */
export function addBranch(g: Graph, branch: Branch, x: Value, y: Value, strength?: Value): Value {
  const { a, b, scaling, drop } = branch;
  return lowRank(g, { a: factorWeight(a), b: factorWeight(b), scaling, strength }, drop ? dropout(g, x, drop) : x, y);
}

/** What branches drop, all or none of them. */
function dropsOf(branches: readonly Branch[]): Drop[] | undefined {
  const drops = branches.flatMap(({ drop }) => drop ?? []);
  return drops.length > 0 ? drops : undefined;
}

/** Whether one product of all A can read the masks of these branches. */
function canShareMasks(branches: readonly Branch[]): boolean {
  if (dropsOf(branches) === undefined || branches.length === 1) return true;
  const ranks = branches.map(({ a }) => a.shape[0]!);
  return branches.length <= MAX_MASKS && ranks.every((R) => R === ranks[0] && canShareDropped(R));
}

/**
 * Whether a product of the base can add B·u: it reads four ranks and four columns at a time, binds each factor whole, and has no
 * gradient of W.
 */
function fitsWithin(g: Graph, weight: Weight, { a, b }: Branch): boolean {
  const isFour = b.shape[1]! % 4 === 0 && a.shape[1]! % 4 === 0;
  return isFour && isOneBinding(g, a) && isOneBinding(g, b) && weight.codes.role !== 'trainable';
}

function isOneBinding({ traits }: Graph, value: Value): boolean {
  return byteLength(value) <= traits.maxBindingBytes;
}
