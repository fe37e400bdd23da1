// The products that tools/bench-matmul.mjs times, as small graphs.

import { Graph, type Value } from '../graph.ts';
import { matmul } from '../kernels/matmul.ts';
import { matmulBackward } from '../kernels/matmul-backward.ts';
import { outerProduct } from '../kernels/outer-product.ts';
import { kindOf } from '../kernels/product.ts';
import { PRODUCT_VARIANTS } from '../kernels/product-variants.ts';
import type { Traits } from '../traits.ts';
import { frozenWeight } from '../weight.ts';
import { type Data, noise } from './run-kernel.ts';
import type { Case } from './time-by-turns.ts';
import { STORAGES, testFactor, testWeight } from './weights.ts';

export interface Shape {
  readonly T: number;
  readonly O: number;
  readonly C: number;
}

/** As in a step, where a submit has hundreds: one alone would be charged with all of it. */
const PRODUCTS_IN_A_PASS = 8;

export interface ProductCase extends Case {
  /** The same product so many times in a pass. */
  readonly products: number;
}

/** Every storage by the variant that the device takes, q8 by every variant, and what goes with them. */
export function* productCases(traits: Traits, { T, O, C }: Shape): Generator<ProductCase> {
  const sides = [
    { side: 'rows', results: O, summed: C, tokens: T, isWide: C % 16 === 0 },
    { side: 'columns', results: C, summed: O, tokens: T },
  ] as const;
  for (const name of [undefined, ...PRODUCT_VARIANTS.map((v) => v.name)]) {
    const runs = PRODUCT_VARIANTS.find((v) => v.name === name)?.canRun ?? (() => true);
    const variant = name === undefined ? traits : { ...traits, products: { asked: [name] } };
    for (const storage of STORAGES) {
      if (name !== undefined && storage !== 'q8') continue;
      for (const [side, way, multiply, from] of [
        [sides[0], 'forward', matmul, ['x', C]],
        [sides[1], 'backward', matmulBackward, ['dy', O]],
      ] as const) {
        if (!runs(traits, side)) continue;
        const graph = new Graph(variant);
        const { weight, data } = testWeight(graph, storage, O, C);
        const x = graph.input(from[0], [from[1], T]);
        const results = Array.from({ length: PRODUCTS_IN_A_PASS }, () => multiply(graph, weight, x));
        yield {
          name: `${storage} ${way}${name ? `, ${name}` : ''}`,
          graph,
          data: new Map([...data, [x, noise(from[1] * T, 2)]]),
          result: results.at(-1)!,
          products: results.length,
        };
      }
    }
  }
  yield* lowRankCases(traits, { T, O, C });
}

function* lowRankCases(traits: Traits, { T, O, C }: Shape, R = 8): Generator<ProductCase> {
  const down = new Graph(traits);
  const a = testFactor(down, 'a', R, C);
  const x = down.input('x', [C, T]);
  const u = matmul(down, a.weight, x);
  yield {
    name: `low rank A·x, R=${R}`,
    graph: down,
    data: new Map([...a.data, [x, noise(C * T, 2)]]),
    result: u,
    products: 1,
  };
  const outer = new Graph(traits);
  const dB = outer.gradientOf(outer.trainable('b', [O, R]));
  const dy = outer.input('dy', [O, T]);
  const du = outer.input('u', [R, T]);
  outerProduct(outer, dy, du, dB);
  yield {
    name: `low rank dB, R=${R}`,
    graph: outer,
    data: new Map([
      [dy, noise(O * T, 2)],
      [du, noise(R * T, 3)],
    ]),
    result: dB,
    products: 1,
  };
}

/** Decoding reads every weight once a token: so many bytes of them, that no cache keeps them from one pass to the next. */
export const MANY_BYTES = 64 << 20;

export interface TokenCase extends Case {
  /** Products in a pass, each of a weight of its own. */
  readonly products: number;
  /** Codes and scales of one. */
  readonly weightBytes: number;
}

/** One token, as decoding has it: every storage by the variant that the device takes, and by all that it might have taken. */
export function* tokenCases(traits: Traits, { O, C }: Pick<Shape, 'O' | 'C'>): Generator<TokenCase> {
  for (const storage of STORAGES) {
    const shape = { side: 'rows', results: O, summed: C, tokens: 4, ...kindOf({ storage, columns: C }) } as const;
    const ofOne = PRODUCT_VARIANTS.filter((v) => v.isColumn || v.name === 'vector');
    const names = ofOne.filter((v) => v.canRun(traits, { ...shape, isColumn: true })).map((v) => v.name);
    for (const name of [undefined, ...names]) {
      const graph = new Graph(name === undefined ? traits : { ...traits, products: { asked: [name] } });
      graph.isOneColumn = true;
      const x = graph.input('x', [C, 4]);
      const { weight, data } = testWeight(graph, storage, O, C);
      const weightBytes = data.reduce((n, [, { byteLength }]) => n + byteLength, 0);
      const copies = Array.from({ length: Math.ceil(MANY_BYTES / weightBytes) }, (_, i) =>
        i === 0 ? weight : frozenWeight(graph, `${weight.name} ${i}`, storage, O, C),
      );
      const results = copies.map((copy) => matmul(graph, copy, x));
      const [codes, scales] = data.map(([, d]) => d);
      yield {
        name: `${storage}${name ? `, ${name}` : ''}`,
        graph,
        data: new Map<Value, Data>([
          [x, noise(4 * C, 2)],
          ...copies.map((w) => [w.codes, codes!] as const),
          ...copies.flatMap((w) => (w.scales ? [[w.scales, scales!] as const] : [])),
        ]),
        result: results.at(-1)!,
        products: copies.length,
        weightBytes,
      };
    }
  }
}
