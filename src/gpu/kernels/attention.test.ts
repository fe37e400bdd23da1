import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import type { Traits } from '../traits.ts';
import { type AttentionSizes, alibiSlope, attentionBackwardCpu, attentionCpu } from './attention.cpu.ts';
import { attention } from './attention.ts';

/** Documents of these lengths side by side, the rest padding columns that are documents of their own. */
function segments(T: number, lengths: readonly number[]): { start: Uint32Array; end: Uint32Array } {
  const start = Uint32Array.from({ length: T }, (_, t) => t);
  const end = start.map((t) => t + 1);
  let at = 0;
  for (const length of lengths) {
    start.fill(at, at, at + length);
    end.fill(at + length, at, at + length);
    at += length;
  }
  return { start, end };
}

/**
 * Scores are sums of D products of order 1 times scale, weights their exponentials: an error of ε·√D in a score is
 * the same relative error in a weight; then sums of T of them. With a margin of 8.
 */
const tolerance = ({ D, T }: AttentionSizes) => 8 * 2 ** -24 * (Math.sqrt(D) + Math.sqrt(T)) + 2e-6;

function run(traits: Traits, sizes: AttentionSizes, lengths: readonly number[], gpuLengths = lengths) {
  const { heads: H, kvHeads: K, D, T } = sizes;
  const g = new Graph(traits);
  const [q, k, v] = [variable(g, 'q', [H * D, T]), variable(g, 'k', [K * D, T]), variable(g, 'v', [K * D, T])];
  const [first, end] = [g.input('segment start', [T], 'u32'), g.input('segment end', [T], 'u32')];
  const o = attention(g, q, k, v, { ...sizes, headDim: D }, first, end);
  const [dO, dq, dk, dv] = gradientsOf(g, o, q, k, v);
  const [qv, kv, vv, dv0] = [
    noise(H * D * T, 1).map((x) => 3 * x),
    noise(K * D * T, 2),
    noise(K * D * T, 3),
    noise(H * D * T, 4),
  ];
  const onGpu = segments(T, gpuLengths);
  const data = new Map<Value, Data>([
    [q, qv],
    [k, kv],
    [v, vv],
    [dO, dv0],
    [first, onGpu.start],
    [end, onGpu.end],
  ]);
  const { start } = segments(T, lengths);
  const gradients = attentionBackwardCpu(qv, kv, vv, dv0, sizes, start);
  const expected = [attentionCpu(qv, kv, vv, sizes, start), gradients.dq, gradients.dk, gradients.dv];
  return { actual: runCase({ graph: g, data, results: [o, dq!, dk!, dv!] }), expected };
}

async function check(
  traits: Traits,
  sizes: AttentionSizes,
  lengths: readonly number[],
  gpuLengths = lengths,
): Promise<void> {
  const { actual, expected } = run(traits, sizes, lengths, gpuLengths);
  for (const [i, out] of (await actual).entries()) {
    try {
      expectClose(out, expected[i]!, tolerance(sizes), sizes.T);
    } catch (error) {
      throw new Error(
        `${['o', 'dq', 'dk', 'dv'][i]} at ${JSON.stringify(sizes)}, documents ${lengths}: ${(error as Error).message}`,
      );
    }
  }
}

/** Kernels full of barriers take a software driver seconds to compile, and many of these run where cores are shared. */
const COMPILE_MS = 180_000;

/** What a device would have to be for a variant to be chosen. */
const VARIANTS: [name: string, traits: Partial<Traits>][] = [
  ['cpu adapters', { kind: 'cpu' }],
  ['cpu adapters without subgroups of 8', { kind: 'cpu', subgroupSize: 0 }],
  ['GPUs', { kind: 'gpu' }],
];

describe.each(VARIANTS)('attention() of the variant for %s', (_, variant) => {
  const traitsOf = async () => ({ ...(await openDevice()).traits, ...variant });
  it(
    'matches its twin for every head size',
    async () => {
      const traits = await traitsOf();
      // Above 64 a GPU gets another pipeline for the length of one array; the test of long rows has that one.
      const large =
        variant.kind === 'gpu'
          ? []
          : [
              [128, 64],
              [256, 36],
            ];
      for (const [D, T] of [[8, 4], [16, 20], [20, 36], [32, 68], [64, 60], ...large] as const)
        await check(traits, { heads: 2, kvHeads: 1, D, T, scale: 1 / Math.sqrt(D) }, [T]);
    },
    COMPILE_MS,
  );
  it('matches its twin for packed documents with awkward borders', async () => {
    const traits = await traitsOf();
    const sizes = { heads: 3, kvHeads: 3, D: 16, T: 132, scale: 0.25 };
    for (const lengths of [[1, 2, 3, 5, 7, 64, 33], [31, 33, 1, 66], [128], [64, 64], []])
      await check(traits, sizes, lengths);
  });
  it('matches its twin with grouped heads', async () => {
    const traits = await traitsOf();
    await check(traits, { heads: 9, kvHeads: 3, D: 64, T: 128, scale: 0.125 }, [50, 70]);
    await check(traits, { heads: 8, kvHeads: 4, D: 32, T: 100, scale: 0.18 }, [97]);
    await check(traits, { heads: 6, kvHeads: 1, D: 20, T: 40, scale: 0.2 }, [40]);
  });
  it('matches its twin with a sliding window', async () => {
    const traits = await traitsOf();
    for (const window of [1, 2, 17, 64, 1000])
      await check(traits, { heads: 2, kvHeads: 2, D: 16, T: 136, scale: 0.25, window }, [100, 30]);
  });
  it(
    'matches its twin with ALiBi, for a power of two of heads and for others',
    async () => {
      const traits = await traitsOf();
      // All of them with the same power of two, and so one pipeline.
      const sizes = { D: 16, T: 100, scale: 0.25, alibi: true };
      await check(traits, { ...sizes, heads: 4, kvHeads: 4 }, [60, 37]);
      await check(traits, { ...sizes, heads: 6, kvHeads: 2 }, [60, 37]);
      await check(traits, { ...sizes, heads: 7, kvHeads: 7 }, [100]);
      const upright = run(traits, { ...sizes, heads: 4, kvHeads: 4, alibi: false }, [100]);
      const [o] = await run(traits, { ...sizes, heads: 4, kvHeads: 4 }, [100]).actual;
      expect(() => expectClose(o!, upright.expected[0]!, 1e-3, 100)).toThrow(/worst relative/);
    },
    COMPILE_MS,
  );
  it(
    'matches its twin at a length where workgroups grow',
    async () => {
      const traits = await traitsOf();
      await check(traits, { heads: 2, kvHeads: 1, D: 68, T: 1036, scale: 0.2, window: 100 }, [3, 500, 520]);
    },
    COMPILE_MS,
  );
  it('is told from a mask whose border lies one column off', async () => {
    const traits = await traitsOf();
    const sizes = { heads: 1, kvHeads: 1, D: 16, T: 64, scale: 0.25 };
    await expect(check(traits, sizes, [30, 34], [31, 33])).rejects.toThrow(/worst relative/);
  });
  it('stays finite for scores that no exponential can hold', async () => {
    const traits = await traitsOf();
    const { actual } = run(traits, { heads: 1, kvHeads: 1, D: 16, T: 36, scale: 1e4 }, [20, 9]);
    for (const out of await actual) expect(out.every(Number.isFinite)).toBe(true);
  });
});

describe('alibiSlope()', () => {
  it('is the sequence of the paper, and its extension', () => {
    const slopes = (heads: number) => Array.from({ length: heads }, (_, h) => alibiSlope(h, heads));
    expectClose(slopes(8), [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256], 1e-15);
    expectClose(slopes(6), [1 / 4, 1 / 16, 1 / 64, 1 / 256, 1 / 2, 1 / 8], 1e-15);
  });
});

describe('attention()', () => {
  it('has a twin whose backward agrees with finite differences', () => {
    const sizes = { heads: 4, kvHeads: 2, D: 3, T: 8, scale: 0.7, window: 4, alibi: true };
    const { start } = segments(8, [5, 2]);
    const [q, k, v] = [
      Float64Array.from(noise(96, 1)),
      Float64Array.from(noise(48, 2)),
      Float64Array.from(noise(48, 3)),
    ];
    const dO = noise(96, 4);
    const forward = () => attentionCpu(q, k, v, sizes, start);
    const { dq, dk, dv } = attentionBackwardCpu(q, k, v, dO, sizes, start);
    expectClose(dq, slope(q, dO, forward), 1e-8);
    expectClose(dk, slope(k, dO, forward), 1e-8);
    expectClose(dv, slope(v, dO, forward), 1e-8);
    expect(() => expectClose(dk, dv, 1e-8)).toThrow(/worst relative/);
  });
  it('refuses heads that do not group', async () => {
    const g = new Graph((await openDevice()).traits);
    const x = g.input('x', [48, 4]);
    const t = g.input('t', [4], 'u32');
    expect(() => attention(g, x, x, x, { heads: 3, kvHeads: 2, headDim: 16, scale: 1 }, t, t)).toThrow(
      /heads a multiple of 2/,
    );
  });
});
