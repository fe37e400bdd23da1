import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.ts';
import { checkAttention as check, attentionCase as run, segments } from '../testing/attention-case.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, noise } from '../testing/run-kernel.ts';
import type { Traits } from '../traits.ts';
import { alibiSlope, attentionBackwardCpu, attentionCpu } from './attention.cpu.ts';
import { attention } from './attention.ts';

/** Kernels full of barriers take a software driver seconds to compile, and many of these run where cores are shared. */
const COMPILE_MS = 180_000;

/** What a device would have to be for a variant to be chosen. */
const VARIANTS: [name: string, traits: Partial<Traits>][] = [
  ['cpu adapters', { kind: 'cpu' }],
  ['cpu adapters with subgroups of 4', { kind: 'cpu', subgroupSize: 4 }],
  ['cpu adapters without subgroups', { kind: 'cpu', subgroupSize: 0 }],
  ['GPUs', { kind: 'gpu' }],
];

describe.each(VARIANTS)('attention() of the variant for %s', (_, variant) => {
  const traitsOf = async () => ({ ...(await openDevice()).traits, ...variant });
  it(
    'matches its twin for every head size',
    async () => {
      const traits = await traitsOf();
      // A GPU has other pipelines above 64, by the length of an array: attention-large-heads.long.test.ts has those.
      const large = variant.kind === 'gpu' ? [] : ([80, 96, 128, 256] as const).map((D) => [D, 68] as const);
      for (const [D, T] of [[8, 4], [16, 20], [20, 36], [32, 68], [64, 60], ...large] as const)
        await check(traits, { heads: 2, kvHeads: 1, D, T, scale: 1 / Math.sqrt(D) }, T === 68 ? [30, 1, 35] : [T]);
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
    const packed = { q: x, k: x, v: x, segmentStart: t, segmentEnd: t };
    expect(() => attention(g, packed, { heads: 3, kvHeads: 2, headDim: 16, scale: 1 })).toThrow(
      /heads a multiple of 2/,
    );
  });
});
