import { describe, expect, it } from 'vitest';
import { differentiate } from '../backward.ts';
import { elements, Graph, type Value } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { checkProductCase, type ProductCase } from '../testing/product-case.ts';
import { type Data, expectClose, noise, runCase, variable } from '../testing/run-kernel.ts';
import { rounding, TIMEOUT } from '../testing/variants.ts';
import { testFactor, testWeight } from '../testing/weights.ts';
import type { Traits } from '../traits.ts';
import { adjoinedWeights, canAdjoin, factorWeight } from '../weight.ts';
import { activationBackwardCpu, activationCpu } from './activation.cpu.ts';
import { activation } from './activation.ts';
import { dropoutCpu } from './dropout.cpu.ts';
import { lowRankBackwardCpu, lowRankCpu } from './low-rank.cpu.ts';
import { lowRankLinears } from './low-rank-linears.ts';
import { matmulBackwardCpu, matmulCpu } from './matmul.cpu.ts';
import { kindOf } from './product.ts';
import { PRODUCT_VARIANTS } from './product-variants.ts';

interface Shape {
  readonly C: number;
  readonly T: number;
  /** Rows and rank of each linear; rank 0: it has no branch. */
  readonly linears: readonly (readonly [O: number, R: number])[];
  /** One rank and scaling for all, weights and gradients of results side by side: one product of all, and back. */
  readonly isTogether?: true;
  /** Share of x that each branch drops, elements of its own. */
  readonly p?: number;
}

const KEYS = { seed: [0xffffffff, 42], step: 9 } as const;
const keyOf = (i: number) => [70 + i, 0xdeadbeef] as const;

// Ranks that differ, rows that end within a tile; many tokens, and so few that the sum is split.
const SHAPES: readonly Shape[] = [
  {
    C: 64,
    T: 36,
    linears: [
      [33, 8],
      [12, 4],
      [64, 12],
    ],
  },
  {
    C: 80,
    T: 4,
    linears: [
      [40, 4],
      [7, 8],
    ],
  },
  {
    ...{ C: 128, T: 68, isTogether: true },
    linears: [
      [64, 4],
      [32, 4],
      [96, 4],
    ],
  },
  {
    ...{ C: 112, T: 12, isTogether: true },
    linears: [
      [96, 20],
      [32, 20],
    ],
  },
  // Without a branch between two that have one, before and behind.
  {
    ...{ C: 128, T: 68, isTogether: true },
    linears: [
      [64, 8],
      [32, 0],
      [96, 8],
    ],
  },
  {
    ...{ C: 128, T: 4, isTogether: true },
    linears: [
      [32, 0],
      [64, 8],
      [7, 0],
    ],
  },
  {
    ...{ C: 48, T: 4 },
    linears: [
      [12, 0],
      [9, 8],
    ],
  },
];
/** Ranks that are a tile and more, linears side by side and not, masks that end within a word. */
const DROPPED: readonly Shape[] = [
  { C: 36, T: 4, p: 0.3, linears: [[33, 4]] },
  { C: 76, T: 68, p: 0.3, linears: [[12, 40]] },
  {
    ...{ C: 128, T: 68, isTogether: true, p: 0.5 },
    linears: [
      [64, 8],
      [32, 8],
      [96, 8],
    ],
  },
  {
    ...{ C: 44, T: 20, p: 0.1 },
    linears: [
      [33, 16],
      [12, 16],
    ],
  },
  {
    ...{ C: 128, T: 132, isTogether: true, p: 0.3 },
    linears: [
      [64, 32],
      [32, 0],
      [96, 32],
    ],
  },
];
/** One of each kind: what differs within a kind is how large its tiles are. */
const KINDS: readonly (readonly [name: string, traits: Partial<Traits>])[] = [
  ['vector-wide', {}],
  ['vector', {}],
  ['subgroups', {}],
  ['subgroups', { kind: 'cpu', subgroupSize: 4 }],
  ['split-8x8', { kind: 'gpu' }],
  ['tiles-64x64', { kind: 'gpu' }],
  ['registers', { kind: 'cpu', subgroupSize: 0 }],
];

/** Linears that begin and end anywhere, with four tokens, many, and one; 80 columns are an odd number of groups. */
const GROUPS: readonly ProductCase[] = [
  { T: 4, C: 64 },
  { T: 36, C: 64 },
  { T: 4, C: 64, isOneColumn: true },
  { T: 4, C: 80, isOneColumn: true },
].map((shape) => ({
  ...{ side: 'rows', storage: 'q8', O: 129, R: 12, epilogue: 'bias', ...shape },
  spans: [
    [0, 33],
    [33, 45],
    [71, 128],
  ],
}));

/** Results and all gradients of Σ yᵢ·dyᵢ against the twin of each linear by itself. */
async function check(
  variant: Partial<Traits>,
  asked: readonly string[],
  { C, T, linears, isTogether, p }: Shape,
): Promise<void> {
  const { traits } = await openDevice();
  const g = new Graph({ ...traits, ...variant, products: { asked } });
  const x = variable(g, 'x', [C, T]);
  const branched = [...linears.entries()].filter(([, [, R]]) => R > 0);
  const as = new Map(branched.map(([i, [, R]]) => [i, testFactor(g, `a${i}`, R, C, 3 + i)]));
  const bs = new Map(branched.map(([i, [O, R]]) => [i, testFactor(g, `b${i}`, O, R, 13 + i)]));
  const ws = linears.map(([O], i) => testWeight(g, 'q8', O, C, 23 + i));
  const names = linears.map((_, i) => `w${i}`);
  const rows = linears.map(([O]) => O);
  if (rows.length > 1) expect(canAdjoin(g.traits, 'q8', rows, C)).toBe(isTogether === true);
  const weights = isTogether ? adjoinedWeights(g, names, 'q8', rows, C) : ws.map(({ weight }) => weight);
  const bias = g.frozen('bias', [256]);
  const firsts = rows.map((_, i) => rows.slice(0, i).reduce((n, O) => n + O, 0));
  const biases = linears.map(([O], i) =>
    isTogether ? g.part(bias, `bias${i}`, [O], firsts[i]!) : g.frozen(`bias${i}`, [O]),
  );
  const stack = g.stacked([...as.values()].map(({ weight }) => weight.codes))!;
  expect(stack.shape).toEqual([linears.reduce((n, [, R]) => n + R, 0), C]);
  const scaling = (i: number) => (isTogether ? 1.5 : 2 - i / 2);
  const step = g.input('step', [4], 'u32');
  const drops = p === undefined ? undefined : branched.map(([i]) => ({ p, key: keyOf(i), step }));
  const ys = lowRankLinears(
    g,
    { x, a: factorWeight(stack), drops },
    linears.map((_, i) => ({
      ...{ weight: weights[i]!, bias: biases[i]!, label: `y${i}` },
      branch: bs.has(i) ? { b: bs.get(i)!.weight, scaling: scaling(i) } : undefined,
    })),
  );
  expect(g.ops).toHaveLength((drops ? 2 : 1) + (isTogether ? 1 : linears.length));
  // The gradient of an activation takes the place of what it is of.
  const ends = isTogether ? ys.map((y) => activation(g, y, 'silu')) : ys;
  const seeds = ends.map((y) => g.input(`d${y.name}`, y.shape));
  const dx = differentiate(g, new Map(ends.map((y, i) => [y, seeds[i]!]))).get(x)!;
  const back = g.ops.filter(({ label }) => / backward$|^outer/.test(label) && !label.startsWith('silu'));
  expect(back).toHaveLength((drops ? 1 : 0) + (isTogether ? 3 : linears.length + 2 * branched.length));
  const dA = g.gradientOf(stack);
  const dBs = [...bs.values()].map(({ weight }) => g.gradientOf(weight.codes));
  const xv = noise(C * T, 1);
  const data = new Map<Value, Data>([
    [x, xv],
    [dA, new Float32Array(dA.shape[0]! * C)],
    [step, Uint32Array.of(...KEYS.seed, KEYS.step, 0)],
  ]);
  for (const [i, [O]] of linears.entries()) {
    for (const [value, d] of [...(as.get(i)?.data ?? []), ...(bs.get(i)?.data ?? [])]) data.set(value, d);
    data.set(weights[i]!.codes, ws[i]!.data[0]![1]);
    data.set(weights[i]!.scales!, ws[i]!.data[1]![1]);
    data.set(biases[i]!, noise(O, 33 + i));
    data.set(seeds[i]!, noise(O * T, 43 + i));
  }
  for (const value of dBs) data.set(value, new Float32Array(elements(value.shape)));
  const results = await runCase({ graph: g, data, results: [...ends, dx, dA, ...dBs] });

  const expectedDx = new Float64Array(C * T);
  const dAs: number[] = [];
  for (const [i, [O, R]] of linears.entries()) {
    const w = ws[i]!.dense;
    const sizes = { O, C, R, T };
    const base = matmulCpu(w, xv, sizes, { bias: noise(O, 33 + i) });
    const [a, b] = [as.get(i)?.dense, bs.get(i)?.dense];
    const kept = (v: ArrayLike<number>, step: number = KEYS.step) =>
      p === undefined ? v : dropoutCpu(v, { ...KEYS, p, key: keyOf(i), step });
    const y = a && b ? lowRankCpu(a, b, kept(xv), base, sizes, scaling(i)) : base;
    expectClose(results[i]!, isTogether ? activationCpu('silu', y) : y, rounding(C + R), T);
    if (p !== undefined && a && b) {
      const other = lowRankCpu(a, b, kept(xv, 10), base, sizes, scaling(i));
      const made = isTogether ? activationCpu('silu', other) : other;
      expect(() => expectClose(results[i]!, made, rounding(C + R), T)).toThrow(/worst/); // control
    }
    const seed = noise(O * T, 43 + i);
    const dy = isTogether ? activationBackwardCpu('silu', y, seed) : seed;
    for (const [k, v] of matmulBackwardCpu(w, dy, sizes).entries()) expectedDx[k]! += v;
    if (!a || !b) continue;
    const expected = lowRankBackwardCpu(a, b, kept(xv), dy, sizes, scaling(i));
    expectClose(results[ys.length + 2 + [...bs.keys()].indexOf(i)]!, expected.db, rounding(C + T), R);
    dAs.push(...expected.da);
    for (const [k, v] of Float64Array.from(kept(expected.dx)).entries()) expectedDx[k]! += v;
  }
  expectClose(results[ys.length]!, expectedDx, rounding(linears.reduce((n, [O, R]) => n + O + R, 0)), T);
  expectClose(results[ys.length + 1]!, dAs, rounding(T + C), C);
}

describe.each(KINDS)('lowRankLinears() by %s', (name, variant) => {
  it(
    'gives results and gradients of linears with a common input as the twins of each by itself',
    async () => {
      for (const shape of SHAPES) await check(variant, [name, 'registers'], shape);
    },
    TIMEOUT,
  );
});

describe.each([
  ['lanes', {}],
  ['a GPU', { kind: 'gpu' }],
] as const)('lowRankLinears() with dropout by %s', (_, variant) => {
  it(
    'gives results and gradients of linears each of which drops elements of its own, as the twins of each by itself',
    async () => {
      for (const shape of DROPPED) await check(variant, [], shape);
    },
    TIMEOUT,
  );
});

describe.each(PRODUCT_VARIANTS)('a product of several linears by $name', ({ name, canRun, isRounding }) => {
  it(
    'adds to each row what its own branch gives, where branches end within a tile and where rows have none',
    async (context) => {
      const device = await openDevice();
      let ran = false;
      for (const shape of GROUPS) {
        const { O, C, T, storage = 'q8', isOneColumn: isColumn = false } = shape;
        const sizes = { results: O, summed: C, tokens: T, isColumn, ...kindOf({ storage, columns: C }) };
        if (!canRun(device.traits, { side: 'rows', ...sizes })) continue;
        ran = true;
        await checkProductCase(device, name, shape, isRounding);
      }
      if (!ran) {
        console.warn(`SKIPPED a product of several linears by ${name}: this device can not run it`);
        context.skip();
      }
    },
    TIMEOUT,
  );
});

describe('lowRankLinears()', () => {
  it.each([
    [false, 'each of four tokens'],
    [true, 'the first of four, where only it is read'],
  ])(
    'takes tokens by their strength, none at all leaves the base alone (%s: %s)',
    async (isOneColumn) => {
      const [O, C, R, T] = [39, 48, 8, 4];
      const { traits } = await openDevice();
      const g = new Graph(traits);
      g.isOneColumn = isOneColumn;
      const x = g.input('x', [C, T]);
      const [w, a, b] = [testWeight(g, 'q8', O, C, 7), testWeight(g, 'f32', R, C, 3), testWeight(g, 'f32', O, R, 4)];
      const strength = g.input('strength', [T]);
      const addend = g.input('addend', [O, T]);
      const linear = { weight: w.weight, branch: { b: b.weight, scaling: 2 }, addend, label: 'y' };
      const [y] = lowRankLinears(g, { x, a: a.weight, strength }, [linear]);
      const [xv, av, sv] = [noise(C * T, 1), noise(O * T, 2), Float32Array.of(0.5, 1, 0, 0)];
      const data = new Map<Value, Data>([[x, xv], [addend, av], [strength, sv], ...w.data, ...a.data, ...b.data]);
      const [out] = await runCase({ graph: g, data, results: [y!] });
      const base = matmulCpu(w.dense, xv, { O, C, T }, { addend: av });
      const asked = (v: ArrayLike<number>) => (isOneColumn ? Array.from({ length: O }, (_, o) => v[o * T]!) : v);
      const columns = isOneColumn ? 1 : T;
      const expected = lowRankCpu(a.dense, b.dense, xv, base, { O, C, R, T }, 2, sv);
      expectClose(asked(out!), asked(expected), rounding(C), columns);
      const whole = asked(lowRankCpu(a.dense, b.dense, xv, base, { O, C, R, T }, 2));
      expect(() => expectClose(asked(out!), whole, rounding(C), columns)).toThrow(/worst/); // control
    },
    TIMEOUT,
  );

  it(
    'drops nothing where dropout is off',
    async () => {
      const [O, C, R, T] = [39, 48, 8, 20];
      const g = new Graph((await openDevice()).traits);
      const x = g.input('x', [C, T]);
      const step = g.input('step', [4], 'u32');
      const [w, a, b] = [testWeight(g, 'q8', O, C, 7), testWeight(g, 'f32', R, C, 3), testWeight(g, 'f32', O, R, 4)];
      const linear = { weight: w.weight, branch: { b: b.weight, scaling: 2 }, label: 'y' };
      const [y] = lowRankLinears(g, { x, a: a.weight, drops: [{ p: 0.5, key: [1, 2], step }] }, [linear]);
      const xv = noise(C * T, 1);
      const data = new Map<Value, Data>([[x, xv], [step, Uint32Array.of(1, 2, 3, 1)], ...w.data, ...a.data, ...b.data]);
      const [out] = await runCase({ graph: g, data, results: [y!] });
      const expected = lowRankCpu(a.dense, b.dense, xv, matmulCpu(w.dense, xv, { O, C, T }), { O, C, R, T }, 2);
      expectClose(out!, expected, rounding(C), T);
    },
    TIMEOUT,
  );

  it('refuses ranks that are not those of A', async () => {
    const g = new Graph((await openDevice()).traits);
    const [w, a, b] = [testWeight(g, 'f32', 8, 12), testFactor(g, 'a', 8, 12), testFactor(g, 'b', 8, 4)];
    const linear = { weight: w.weight, branch: { b: b.weight, scaling: 1 }, label: 'y' };
    expect(() => lowRankLinears(g, { x: g.input('x', [12, 4]), a: a.weight }, [linear])).toThrow(/8×12 for ranks 4/);
  });
});
