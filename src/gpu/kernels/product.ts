// What the forward and the backward product have in common: the choice of a variant, and its op.

import type { Op, Value } from '../graph.ts';
import type { Traits } from '../traits.ts';
import type { Weight } from '../weight.ts';
import { chooseProduct, type Side } from './product-variants.ts';

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

/** The op of one product, with the variant of its shader for this device and shape. */
export function product(
  spec: ProductSpec,
  traits: Traits,
): Pick<Op, 'label' | 'shader' | 'bindings' | 'writes' | 'params' | 'grid' | 'flops' | 'onlyIf'> {
  const { label, weight, side, x, y, epilogue, extra, scale, onlyIf } = spec;
  const { rows: O, columns: C } = weight;
  const T = x.shape[1]!;
  const shape = { side, results: y.shape[0]!, summed: x.shape[0]!, tokens: T };
  const { file, constants, parts, tile } = chooseProduct(traits, shape).shader(traits, shape);
  return {
    label,
    shader: {
      file,
      parts: {
        weight: weightPart(weight),
        epilogue: `epilogue-${epilogue}`,
        ...parts,
      },
      ...(constants && { constants }),
    },
    bindings: { ...weightBindings(weight), x, y, ...extra },
    writes: ['y'],
    params: { O, C, T4: T / 4, scale },
    grid: [Math.ceil(T / tile[1]), Math.ceil(shape.results / tile[0]), 1],
    flops: 2 * O * C * T,
    onlyIf,
  };
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
