// What the forward and the backward product have in common: the choice of a variant, and its op.

import type { Op, Value } from '../graph.ts';
import type { Traits } from '../traits.ts';
import type { Weight } from '../weight.ts';

export type Side = 'rows' | 'columns';
/** What a product does with its result; see epilogue-*.wgsl. */
export type Epilogue = 'store' | 'accumulate' | 'addend' | 'bias' | 'bias-addend';

export interface ProductSpec {
  readonly label: string;
  readonly weight: Weight;
  /** `rows`: y = scale·W·x. `columns`: y = scale·Wᵀ·x. */
  readonly side: Side;
  readonly x: Value;
  readonly y: Value;
  readonly epilogue: Epilogue;
  /** What the epilogue reads: bias, addend. */
  readonly extra?: Readonly<Record<string, Value>>;
  readonly scale: number;
  readonly onlyIf?: Op['onlyIf'];
}

interface Variant {
  readonly file: string;
  /** Side of the weight that the file imports; absent when it reads one side only. */
  readonly isTwoSided: boolean;
  readonly constants?: Readonly<Record<string, number>>;
  readonly overrides?: Readonly<Record<string, number>>;
  readonly grid: readonly [number, number, number];
}

/** Tokens up to which the sum is split over the lanes: below, tiles of tokens would be mostly empty. */
const FEW_TOKENS = 8;
/** Results up to which a GPU splits the sum: below, tiles of results would be mostly empty. */
const FEW_RESULTS = 16;

/** The op of one product, with the variant of its shader for this device and shape. */
export function product(
  spec: ProductSpec,
  traits: Traits,
): Pick<Op, 'label' | 'shader' | 'bindings' | 'writes' | 'params' | 'grid' | 'flops' | 'onlyIf'> {
  const { label, weight, side, x, y, epilogue, extra, scale, onlyIf } = spec;
  const { rows: O, columns: C } = weight;
  const T = x.shape[1]!;
  const { file, isTwoSided, constants, overrides, grid } = chooseVariant(traits, side, y.shape[0]!, T);
  return {
    label,
    shader: {
      file,
      parts: {
        weight: weightPart(weight),
        epilogue: `epilogue-${epilogue}`,
        ...(isTwoSided && { side: `weight-${side}` }),
      },
      ...(constants && { constants }),
      ...(overrides && { overrides }),
    },
    bindings: { ...weightBindings(weight), x, y, ...extra },
    writes: ['y'],
    params: { O, C, T4: T / 4, scale },
    grid,
    flops: 2 * O * C * T,
    onlyIf,
  };
}

function chooseVariant(traits: Traits, side: Side, results: number, T: number): Variant {
  const grid = (rows: number, tokens: number) => [Math.ceil(T / tokens), Math.ceil(results / rows), 1] as const;
  const split = (WG_T: number, SLICES: number): Variant => ({
    file: 'matmul-split',
    isTwoSided: true,
    constants: { WG_T, SLICES },
    grid: grid(8, 4 * WG_T),
  });
  if (!hasLanes(traits)) {
    if (T <= FEW_TOKENS) return split(1, 64);
    if (results <= FEW_RESULTS) return split(8, 8);
    return { file: 'matmul-tiles', isTwoSided: true, grid: grid(64, 64) };
  }
  // On a CPU: registers, no barriers, and lanes that share what they load.
  const LANES = traits.subgroupSize;
  if (T <= FEW_TOKENS) return split(1, LANES);
  const ROWS = chooseRows(results, LANES);
  const file = side === 'rows' ? 'matmul-subgroups' : 'matmul-backward-subgroups';
  return { file, isTwoSided: false, constants: { LANES, ROWS }, grid: grid(ROWS, 32) };
}

/** Results a subgroup makes: four times its lanes, or less when there are no more (low rank), but no less than 8. */
function chooseRows(results: number, lanes: number): number {
  return [8, 16].find((rows) => results <= rows && rows <= 4 * lanes) ?? 4 * lanes;
}

/** True when the CPU's variants can be used; any other adapter gets the GPU's, which need nothing but workgroup memory. */
export function hasLanes(traits: Traits): boolean {
  return traits.kind === 'cpu' && (traits.subgroupSize === 8 || traits.subgroupSize === 4);
}

/** The shader part that reads this weight. */
export function weightPart({ storage, columns }: Weight): string {
  return storage === 'f32' && columns % 4 === 0 ? 'weight-f32-aligned' : `weight-${storage}`;
}

export function weightBindings(weight: Weight): Record<string, Value> {
  return weight.scales === undefined ? { codes: weight.codes } : { codes: weight.codes, scales: weight.scales };
}

export function checkProduct(label: string, name: string, value: Value, shape: readonly [number, number]): void {
  const [rows, T] = value.shape;
  if (value.shape.length !== 2 || rows !== shape[0] || T !== shape[1] || T % 4 !== 0)
    throw new TypeError(
      `Cannot multiply "${label}": found ${name} of shape ${value.shape}, need ${shape} with T a multiple of 4`,
    );
}
