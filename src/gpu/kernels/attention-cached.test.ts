import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { cacheCase } from '../testing/cache-case.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, noise, runCase } from '../testing/run-kernel.ts';
import type { Traits } from '../traits.ts';
import { attentionCpu } from './attention.cpu.ts';
import { type AttentionCachedSizes, attentionCachedCpu } from './attention-cached.cpu.ts';
import { attentionCached } from './attention-cached.ts';
import { cacheAppendCpu } from './cache-append.cpu.ts';
import { NO_ROW } from './cache-append.ts';
import { ropeCpu } from './rope.cpu.ts';

/** As for attention: errors of scores and of sums of S weights, with a margin of 8. */
const tolerance = ({ D, S }: AttentionCachedSizes) => 8 * 2 ** -24 * (Math.sqrt(D) + Math.sqrt(S)) + 2e-6;

async function check(
  traits: Traits,
  sizes: AttentionCachedSizes,
  rowOf: readonly number[],
  positions: readonly number[],
  { shift = 0, isOneColumn = false } = {},
): Promise<void> {
  const { heads: H, kvHeads: K, D, T, S } = sizes;
  const rows = 1 + Math.max(...rowOf.filter((r) => r !== NO_ROW));
  const g = new Graph(traits);
  g.isOneColumn = isOneColumn;
  const q = g.input('q', [H * D, T]);
  const caches = { k: g.state('keys', [rows * K * D, S]), v: g.state('values', [rows * K * D, S]) };
  const [row, at] = [g.input('row of', [T], 'u32'), g.input('positions', [T], 'u32')];
  const o = attentionCached(g, { q, caches, rowOf: row, positions: at }, { ...sizes, headDim: D });
  const [qv, kv, vv] = [noise(H * D * T, 1).map((x) => 3 * x), noise(rows * K * D * S, 2), noise(rows * K * D * S, 3)];
  const data = new Map<Value, Data>([
    [q, qv],
    [caches.k, kv],
    [caches.v, vv],
    [row, Uint32Array.from(rowOf)],
    [at, Uint32Array.from(positions)],
  ]);
  const [out] = await runCase({ graph: g, data, results: [o] });
  const expected = attentionCachedCpu(
    qv,
    kv,
    vv,
    sizes,
    rowOf,
    positions.map((p) => p + shift),
  );
  const asked = (v: ArrayLike<number>) => (isOneColumn ? Float64Array.from({ length: H * D }, (_, i) => v[i * T]!) : v);
  expectClose(asked(out!), asked(expected), tolerance(sizes), isOneColumn ? 1 : T);
}

interface AddedCase {
  readonly sizes: AttentionCachedSizes;
  readonly rowOf: readonly number[];
  readonly positions: readonly number[];
  /** Rows of a head that turn; none when absent. */
  readonly rotary?: number;
  readonly isOneColumn?: boolean;
  /** Of the expected result: where a token is thought to be. */
  readonly shift?: number;
}

/** Tokens that bring their keys and values with them: o, and what is in the caches afterwards. Returns the dispatches. */
async function checkAdded(traits: Traits, { sizes, rowOf, positions, rotary, isOneColumn, shift = 0 }: AddedCase) {
  const { heads: H, kvHeads: K, D, T, S } = sizes;
  const rows = 1 + Math.max(...rowOf.filter((r) => r !== NO_ROW));
  const g = new Graph(traits);
  g.isOneColumn = isOneColumn === true;
  const { values, host, data } = cacheCase(g, { ...sizes, rows, rotary }, { rowOf, positions });
  const { k, v, turns, ...rest } = values;
  const added = { k, v, turns, isOnePerRow: true };
  const o = attentionCached(g, { ...rest, added }, { ...sizes, headDim: D });
  const dispatches = g.ops.length;
  const before = host.caches;
  // Whoever reads a place before the token's key or value is there, or one that is nobody's yet, shall be found out.
  for (const cache of [before.k, before.v])
    for (const [t, r] of rowOf.entries())
      for (let i = 0; r !== NO_ROW && i < K * D; i++) {
        const begin = (r * K * D + i) * S;
        cache.fill(7e7, begin + positions[t]!, begin + S);
      }
  const { caches } = values;
  const [outO, outK, outV] = await runCase({ graph: g, data, results: [o, caches.k, caches.v] });
  const shifted = positions.map((p) => p + shift);
  const turn = (x: Float32Array, heads: number) =>
    rotary === undefined ? x : ropeCpu(x, shifted, host.turns, { heads, D, T, rotary, P: S });
  const after = { k: before.k.slice(), v: before.v.slice() };
  cacheAppendCpu(after.k, turn(host.k, K), rowOf, positions, { R: K * D, S, T });
  cacheAppendCpu(after.v, host.v, rowOf, positions, { R: K * D, S, T });
  const expected = attentionCachedCpu(turn(host.q, H), after.k, after.v, sizes, rowOf, positions);
  const asked = (x: ArrayLike<number>) => (isOneColumn ? Float64Array.from({ length: H * D }, (_, i) => x[i * T]!) : x);
  expectClose(asked(outO!), asked(expected), tolerance(sizes), isOneColumn ? 1 : T);
  // Relative to 7e7, and places that hold it exactly: what was appended is looked at by itself.
  expectSame(outK!, after.k, before.k, 4 * 2 ** -24);
  expectSame(outV!, after.v, before.v, 0);
  return dispatches;
}

/** Places that were written are as near as `tolerance`, of 1; the others are as they were. */
function expectSame(actual: Float32Array, expected: Float32Array, before: Float32Array, tolerance: number): void {
  const wrong = expected.findIndex((x, i) => !(Math.abs(actual[i]! - x) <= (Object.is(x, before[i]) ? 0 : tolerance)));
  expect(wrong < 0 ? [] : [wrong, actual[wrong], expected[wrong]]).toEqual([]);
}

const KINDS: readonly [name: string, traits: Partial<Traits>][] = [
  ['a CPU', { kind: 'cpu' }],
  ['a CPU without subgroups', { kind: 'cpu', subgroupSize: 0 }],
  ['a GPU', { kind: 'gpu' }],
];

describe.each(KINDS)('attentionCached() of the variant for %s', (_, kind) => {
  const traitsOf = async () => ({ ...(await openDevice()).traits, ...kind });
  it('matches its twin for rows of different lengths and columns without a row', async () => {
    const sizes = { heads: 4, kvHeads: 2, D: 20, T: 4, S: 600, scale: 0.2 };
    await check(await traitsOf(), sizes, [1, 0, NO_ROW, 2], [0, 599, 3, 255]);
    await check(await traitsOf(), sizes, [0, 2, 1, 0], [256, 63, 64, 130]);
  });
  it('matches its twin where one chunk holds all positions, columns without a row among them', async () => {
    for (const S of [4, 64, 132, 256])
      for (const window of [S, 30]) {
        const sizes = { heads: 6, kvHeads: 2, D: 20, T: 4, S, scale: 0.3, window };
        await check(await traitsOf(), sizes, [0, NO_ROW, 1, 0], [S - 1, 1, Math.min(33, S - 1), 0]);
      }
  });
  it('matches its twin in the first column, where nobody reads another', async () => {
    for (const [S, position] of [
      [64, 0],
      [128, 31],
      [512, 511],
      [1024, 700],
    ] as const) {
      const sizes = { heads: 9, kvHeads: 3, D: 64, T: 4, S, scale: 0.125 };
      await check(await traitsOf(), sizes, [0, NO_ROW, NO_ROW, NO_ROW], [position, 0, 0, 0], { isOneColumn: true });
    }
  });
  it('matches its twin for a prefill chunk', async () => {
    const T = 20;
    const sizes = { heads: 9, kvHeads: 3, D: 64, T, S: 96, scale: 0.125 };
    const positions = Array.from({ length: T }, (_, t) => 40 + t);
    await check(await traitsOf(), sizes, new Array(T).fill(0), positions);
  });
  it('matches its twin for every number of heads in a group, and for large heads', async () => {
    for (const [heads, kvHeads, D] of [
      [1, 1, 8],
      [5, 1, 16],
      [7, 1, 32],
      [8, 1, 16],
      [16, 2, 128],
      [2, 2, 256],
    ] as const)
      await check(await traitsOf(), { heads, kvHeads, D, T: 4, S: 64, scale: 0.2 }, [0, 0, 1, 1], [61, 62, 5, 6]);
  });
  it('matches its twin with a window, and with so many positions that chunks grow', async () => {
    for (const window of [1, 50, 300])
      await check(
        await traitsOf(),
        { heads: 2, kvHeads: 1, D: 16, T: 4, S: 640, scale: 0.25, window },
        [0, 0, 1, 1],
        [3, 320, 639, 511],
      );
    await check(
      await traitsOf(),
      { heads: 1, kvHeads: 1, D: 8, T: 4, S: 16384, scale: 0.3 },
      [0, 0, 0, 0],
      [16383, 511, 512, 9000],
    );
  });
  it('matches its twin with ALiBi', async () => {
    for (const [heads, kvHeads] of [
      [4, 4],
      [6, 2],
      [7, 1],
    ] as const)
      await check(
        await traitsOf(),
        { heads, kvHeads, D: 16, T: 4, S: 600, scale: 0.25, alibi: true },
        [0, 0, 1, 1],
        [3, 320, 599, 255],
      );
  });
  it('takes what tokens bring, turned or not, as its twin does after rope and cacheAppend', async () => {
    const traits = await traitsOf();
    const columns = [
      { rowOf: [0, NO_ROW, NO_ROW, NO_ROW], isOneColumn: true },
      { rowOf: [2, 0, NO_ROW, 1], isOneColumn: false },
    ];
    for (const [heads, kvHeads, D, rotary] of [
      [9, 3, 64, 64],
      [6, 1, 20, 8],
      [5, 5, 7, 2],
      [2, 1, 20, undefined],
      [2, 1, 256, 256],
    ] as const)
      for (const { rowOf, isOneColumn } of columns)
        for (const positions of [
          [0, 0, 0, 0],
          [67, 1, 9, 32],
          [33, 67, 0, 5],
        ]) {
          const sizes = { heads, kvHeads, D, T: 4, S: 68, scale: 1 / Math.sqrt(D) };
          await checkAdded(traits, { sizes, rowOf, positions, isOneColumn, ...(rotary && { rotary }) });
        }
  });
  it('takes what tokens bring where positions are many, out of a window or leaned by ALiBi', async () => {
    const traits = await traitsOf();
    const base = { heads: 6, kvHeads: 2, D: 16, T: 4, scale: 0.25 };
    const rowOf = [1, 0, NO_ROW, 2];
    for (const S of [512, 1536])
      for (const positions of [
        [S - 1, 256, 0, 0],
        [511, 255, 0, S - 512],
      ]) {
        await checkAdded(traits, { sizes: { ...base, S }, rowOf, positions, rotary: 16 });
        await checkAdded(traits, { sizes: { ...base, S, window: 30 }, rowOf, positions, rotary: 8 });
        await checkAdded(traits, { sizes: { ...base, S, window: 1 }, rowOf, positions, rotary: 8 });
        await checkAdded(traits, { sizes: { ...base, S, alibi: true }, rowOf, positions });
      }
  });
  it('takes what tokens bring on the way where a shader can bind as much', async () => {
    const { kind: name, subgroupSize, ...traits } = await traitsOf();
    const sizes = { heads: 6, kvHeads: 2, D: 16, T: 4, scale: 0.25 };
    const dispatches = (S: number, maxStorageBuffers: number) =>
      checkAdded(
        { ...traits, kind: name, subgroupSize, maxStorageBuffers },
        { sizes: { ...sizes, S }, rowOf: [0, NO_ROW, 1, 2], positions: [3, 0, 200, 255], rotary: 16 },
      );
    const isWithin = name === 'gpu' || subgroupSize > 0;
    const found = [await dispatches(256, 8), await dispatches(1024, 8), await dispatches(1024, 10)];
    expect(found).toEqual(isWithin ? [1, 3, 2] : [3, 3, 3]);
  });
  it('is told from a turn one position off (control)', async () => {
    const sizes = { heads: 2, kvHeads: 1, D: 16, T: 4, S: 64, scale: 0.25 };
    const rowOf = [0, 1, NO_ROW, NO_ROW];
    await expect(
      checkAdded(await traitsOf(), { sizes, rowOf, positions: [9, 10, 0, 0], rotary: 16, shift: 1 }),
    ).rejects.toThrow(/worst relative/);
  });
  it('is told from a sight one position off', async () => {
    const sizes = { heads: 1, kvHeads: 1, D: 16, T: 4, S: 64, scale: 0.25 };
    await expect(check(await traitsOf(), sizes, [0, 0, 0, 0], [9, 10, 11, 12], { shift: 1 })).rejects.toThrow(
      /worst relative/,
    );
  });
});

describe('attentionCached()', () => {
  it('gives, chunk after chunk, what attention gives for the whole document', async () => {
    const { traits } = await openDevice();
    const [H, K, D, S] = [4, 2, 16, 24];
    const sizes = { heads: H, kvHeads: K, D, scale: 0.25 };
    const [qv, kv, vv] = [noise(H * D * S, 1), noise(K * D * S, 2), noise(K * D * S, 3)];
    const whole = attentionCpu(qv, kv, vv, { ...sizes, T: S }, new Uint32Array(S));
    // Columns 16 … 23 come as one chunk after the cache holds 0 … 15.
    const T = 8;
    const columns = (x: Float32Array, from: number, count: number) =>
      Float32Array.from(
        { length: (x.length / S) * count },
        (_, i) => x[Math.floor(i / count) * S + from + (i % count)]!,
      );
    const g = new Graph(traits);
    const [q, k, v] = [g.input('q', [H * D, T]), g.input('k', [K * D, T]), g.input('v', [K * D, T])];
    const caches = { k: g.state('keys', [K * D, S]), v: g.state('values', [K * D, S]) };
    const [row, at] = [g.input('row of', [T], 'u32'), g.input('positions', [T], 'u32')];
    const added = { k, v, isOnePerRow: false };
    const o = attentionCached(g, { q, caches, rowOf: row, positions: at, added }, { ...sizes, headDim: D });
    const past = (x: Float32Array) => x.map((value, i) => (i % S < 16 ? value : 7e7));
    const data = new Map<Value, Data>([
      [q, columns(qv, 16, T)],
      [k, columns(kv, 16, T)],
      [v, columns(vv, 16, T)],
      [caches.k, past(kv)],
      [caches.v, past(vv)],
      [row, new Uint32Array(T)],
      [at, Uint32Array.from({ length: T }, (_, t) => 16 + t)],
    ]);
    const [out] = await runCase({ graph: g, data, results: [o] });
    expectClose(out!, columns(Float32Array.from(whole), 16, T), 1e-5, T);
  });
});
