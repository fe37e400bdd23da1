// Which low-rank branches of an adapter are computed together, and which with the base's own products. This is the one place
// that decides it: linears with one input share the product of their A, and each B·u is part of the base's product
// (gpu/kernels/low-rank-linears.ts). What does not fit takes products of its own (low-rank.ts), with the same result.

import { byteLength, type Graph, type Value } from '../gpu/graph.ts';
import { lowRank } from '../gpu/kernels/low-rank.ts';
import { type LowRankInput, lowRankLinears } from '../gpu/kernels/low-rank-linears.ts';
import { factorWeight, type Weight } from '../gpu/weight.ts';
import type { LinearCall, ParameterSource } from '../model/layers.ts';

/** s·B·A·x at one linear. */
export interface Branch {
  /** (R,C) */
  readonly a: Value;
  /** (O,R) */
  readonly b: Value;
  readonly scaling: number;
  /** x with elements dropped, for this branch alone. */
  readonly dropped?: Value | undefined;
}

export interface BranchOptions {
  /** A of several linears as one matrix, where they lie so in memory. */
  readonly stacked: (branches: readonly Branch[]) => Value | undefined;
  readonly source?: ParameterSource;
  /** (T) f32: what each token has of the branches. Without gradients. */
  readonly strength?: Value;
}

/** A linear with its branch. */
export type Branched = readonly [call: LinearCall, branch: Branch];

/** The results of linears that read one x, in their order. */
export function branchedLinears(g: Graph, linears: readonly Branched[], options: BranchOptions): Value[] {
  const { stacked, source, strength } = options;
  const results = new Map<LinearCall, Value>();
  const compute = (input: Omit<LowRankInput, 'x'>, together: readonly Branched[]) => {
    const made = lowRankLinears(
      g,
      { x: together[0]![0].x, strength, ...input },
      together.map(([call, { b, scaling }]) => ({
        ...{ weight: call.weight(source), bias: call.bias(source), addend: call.addend, label: call.label },
        ...{ b: factorWeight(b), scaling },
      })),
    );
    for (const [i, [call]] of together.entries()) results.set(call, made[i]!);
  };

  const within = linears.filter(([call, branch]) => fitsWithin(g, call.weight(source), branch));
  const sharing = within.filter(([, { dropped }]) => dropped === undefined);
  const a = sharing.length > 1 ? stacked(sharing.map(([, branch]) => branch)) : undefined;
  if (a !== undefined && isOneBinding(g, a)) compute({ a: factorWeight(a) }, sharing);
  for (const linear of within)
    if (!results.has(linear[0])) compute({ a: factorWeight(linear[1].a), dropped: linear[1].dropped }, [linear]);

  return linears.map(([call, branch]) => results.get(call) ?? addBranch(g, branch, call.x, call.run(source), strength));
}

/** y + strength·s·B·A·x, in the memory of y, by products of its own. */
export function addBranch(g: Graph, branch: Branch, x: Value, y: Value, strength?: Value): Value {
  const { a, b, scaling, dropped = x } = branch;
  return lowRank(g, { a: factorWeight(a), b: factorWeight(b), scaling, strength }, dropped, y);
}

/**
 * Whether a product of the base can add B·u: it reads four ranks and four columns at a time, binds each factor whole, and has no
 * gradient of W.
 */
export function fitsWithin(g: Graph, weight: Weight, { a, b }: Branch): boolean {
  const isFour = b.shape[1]! % 4 === 0 && a.shape[1]! % 4 === 0;
  return isFour && isOneBinding(g, a) && isOneBinding(g, b) && weight.codes.role !== 'trainable';
}

function isOneBinding({ traits }: Graph, value: Value): boolean {
  return byteLength(value) <= traits.maxBindingBytes;
}
