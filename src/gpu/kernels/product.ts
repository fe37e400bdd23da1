// What the forward and the backward product have in common: the choice of a variant, and its op.

import type { Graph, Op, Value } from '../graph.ts';
import type { Weight } from '../weight.ts';
import type { Masks } from './dropout.ts';
import { chooseProduct, droppedProduct, type ProductShape, type Side } from './product-variants.ts';

/** What a product does with its result; see epilogue-*.wgsl. */
export type Epilogue = 'store' | 'accumulate' | 'addend' | 'bias' | 'bias-addend' | 'strength' | 'dropped';

/**
 * What a product adds before its epilogue. Forward: scaling·F·u with F = B (O,R); backward: scaling·Fᵀ·u with F = A (R,C). Both are
 * f32 with a width that is a multiple of 4. R rows of u (·,T), from row `first`. Forward, where the product is several linears: R
 * rows of u for each that has a branch, F having the rows of these alone.
 */
export interface LowRankTerm {
  readonly factor: Weight;
  readonly u: Value;
  readonly first: number;
  readonly scaling: number;
  /** Rows of the product that have a branch, in order; absent: all have one. */
  readonly spans?: readonly Span[];
}

/** From row `begin` to the one before `end`. */
export type Span = readonly [begin: number, end: number];

/** Linears with a branch in one product; see low-rank-span.wgsl. */
export const MAX_SPANS = 3;

/** The params of low-rank-span.wgsl. */
export function spanParams(spans: readonly Span[]): Record<string, number> {
  const NONE = 2 ** 32 - 1;
  return Object.fromEntries(
    Array.from({ length: MAX_SPANS }, (_, z) => {
      const [begin, end] = spans[z] ?? [NONE, NONE];
      return [
        [`begin_${z}`, begin],
        [`end_${z}`, end],
      ] as const;
    }).flat(),
  );
}

export interface ProductSpec {
  readonly label: string;
  readonly weight: Weight;
  /** `rows`: y = scale·W·x. `columns`: y = scale·Wᵀ·x. */
  readonly side: Side;
  readonly x: Value;
  readonly y: Value;
  readonly epilogue: Epilogue;
  readonly lowRank?: LowRankTerm | undefined;
  /** What the epilogue reads: bias, addend, strength. */
  readonly extra?: Readonly<Record<string, Value>>;
  readonly scale: number;
  /** W is A of low-rank branches, each of which multiplies what its mask keeps of x. With the epilogue `dropped`, forward. */
  readonly masks?: Masks | undefined;
  readonly onlyIf?: Op['onlyIf'];
}

/** The op of one product, with the variant of its shader for this device and shape. */
export function product(
  spec: ProductSpec,
  { traits, isOneColumn: isColumn }: Pick<Graph, 'traits' | 'isOneColumn'>,
): Pick<Op, 'label' | 'shader' | 'bindings' | 'writes' | 'params' | 'grid' | 'flops' | 'onlyIf'> {
  const { label, weight, side, x, y, epilogue, extra, scale, lowRank, masks, onlyIf } = spec;
  const { rows: O, columns: C } = weight;
  const T = x.shape[1]!;
  const [results, summed] = side === 'rows' ? [O, C] : [C, O];
  const shape = { side, results, summed, tokens: T, ...kindOf(weight), isColumn };
  const R = lowRank === undefined ? 0 : side === 'rows' ? lowRank.factor.columns : lowRank.factor.rows;
  const variant = masks === undefined ? chooseProduct(traits, shape) : droppedProduct(traits);
  const ofTile = masks === undefined ? shape : { ...shape, results: masks.ranks };
  const { file, constants, parts, tile, isWide: readsWide } = variant.shader(traits, ofTile);
  return {
    label,
    shader: {
      file,
      parts: {
        weight: readsWide ? `weight-${weight.storage}-wide` : weightPart(weight),
        'low-rank': lowRank === undefined ? 'low-rank-none' : `low-rank-${side}`,
        epilogue: `epilogue-${epilogue}`,
        ...parts,
        ...(masks && { input: 'input-dropped' }),
      },
      ...(constants && { constants }),
    },
    bindings: {
      ...weightBindings(weight),
      x,
      ...(lowRank && { factor: lowRank.factor.codes, u: lowRank.u }),
      y,
      ...(masks && { masks: masks.bits }),
      ...extra,
    },
    writes: ['y'],
    params: {
      ...{ O, C, T4: T / 4, scale, R },
      u_row: lowRank?.first ?? 0,
      u_scale: (lowRank?.scaling ?? 0) / scale,
      ...spanParams(lowRank === undefined ? [] : (lowRank.spans ?? [[0, O]])),
      ranks: masks?.ranks ?? 0,
    },
    grid: [Math.ceil(T / tile[1]), Math.ceil(shape.results / tile[0]), 1],
    flops: 2 * (O * C + (lowRank === undefined ? 0 : lowRank.factor.rows * lowRank.factor.columns)) * T,
    onlyIf,
  };
}

/** The shader part that reads this weight. */
export function weightPart({ storage, columns }: Weight): string {
  return storage === 'f32' && columns % 4 === 0 ? 'weight-f32-aligned' : `weight-${storage}`;
}

/** What variants know of a weight. `isWide`: its codes can be loaded sixteen at a time. */
export function kindOf({
  storage,
  columns,
}: Pick<Weight, 'storage' | 'columns'>): Pick<ProductShape, 'isWide' | 'isHalf'> {
  return { isWide: (storage === 'q8' || storage === 'int8-row') && columns % 16 === 0, isHalf: storage === 'f16' };
}

/** Of one slab. */
export function weightBindings(weight: Weight): Record<string, Value> {
  if (weight.slabs !== undefined) throw new Error(`Cannot bind "${weight.name}": found it in slabs, need one of them`);
  return weight.scales === undefined ? { codes: weight.codes } : { codes: weight.codes, scales: weight.scales };
}

export function checkProduct(label: string, name: string, value: Value, shape: readonly [number, number]): void {
  const [rows, T] = value.shape;
  if (value.shape.length !== 2 || rows !== shape[0] || T !== shape[1] || T % 4 !== 0)
    throw new TypeError(
      `Cannot multiply "${label}": found ${name} of shape ${value.shape}, need ${shape} with T a multiple of 4`,
    );
}
