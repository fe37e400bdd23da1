// One dispatch of two, where one row is decoded: a norm or an activation, and the product with few rows that reads it next (A of
// the low-rank branches behind it). Such a product is over before a device has begun with it, so what a dispatch itself costs
// counts. Its workgroups make what they multiply for themselves, and the first of them writes it for whoever reads it after.
// For passes without gradients, before memory is planned: families and kernels need not know of it.

import type { Graph, Op, Value } from './graph.ts';

/** What takes the place of the op before: a part of matmul-column-few with what it reads and its constants. */
interface Input {
  readonly part: string;
  /** By the part's names. `made` is the op's result. */
  readonly bindings: Readonly<Record<string, Value>>;
  readonly parts?: Readonly<Record<string, string>> | undefined;
  readonly overrides?: Readonly<Record<string, number>>;
}

/** Merges ops of `g` in place. */
export function fuseColumns(g: Graph): void {
  for (let i = g.ops.length - 2; i >= 0; i--) {
    const fused = fuse(g.ops[i]!, g.ops[i + 1]!);
    if (fused === undefined) continue;
    g.ops.splice(i, 2, fused);
    g.backwards.splice(i, 2, undefined);
  }
}

function fuse(before: Op, product: Op): Op | undefined {
  if (product.shader.file !== 'matmul-column-few' || product.bindings.x !== before.bindings.y) return undefined;
  // One that makes its input already reads what was before that.
  if (product.shader.parts?.['column-input'] !== undefined || before.onlyIf !== product.onlyIf) return undefined;
  const input = inputOf(before, product.bindings.x!);
  if (input === undefined) return undefined;
  const { x: _, ...own } = product.bindings;
  return {
    ...product,
    shader: {
      ...product.shader,
      parts: { ...product.shader.parts, ...input.parts, 'column-input': input.part },
      ...(input.overrides && { overrides: input.overrides }),
    },
    bindings: { ...own, ...input.bindings },
    writes: [...product.writes, 'made'],
    flops: before.flops + product.flops,
  };
}

function inputOf({ shader, bindings, params }: Op, made: Value): Input | undefined {
  const activation = shader.parts?.['activation-part'];
  const parts = activation === undefined ? undefined : { 'activation-part': activation };
  switch (shader.file) {
    case 'rms-norm':
      // Over heads, a norm has groups of rows.
      if (params.C !== made.shape[0]) return undefined;
      return {
        part: 'column-input-rms-norm',
        bindings: { x: bindings.x!, norm: bindings.weight!, made },
        overrides: { NORM_EPS: params.eps!, NORM_OFFSET: params.offset! },
      };
    case 'layer-norm':
      return {
        part: 'column-input-layer-norm',
        bindings: { x: bindings.x!, norm: bindings.weight!, norm_bias: bindings.bias!, made },
        overrides: { NORM_EPS: params.eps! },
      };
    case 'activation':
      return { part: 'column-input-activation', bindings: { x: bindings.x!, made }, parts };
    case 'gated-activation':
      return { part: 'column-input-gated', bindings: { gate: bindings.gate!, up: bindings.up!, made }, parts };
    default:
      return undefined;
  }
}
