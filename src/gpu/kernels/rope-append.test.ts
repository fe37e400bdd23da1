import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, noise, runCase } from '../testing/run-kernel.ts';
import { testTurns } from '../testing/turns.ts';
import { cacheAppendCpu } from './cache-append.cpu.ts';
import { NO_ROW } from './cache-append.ts';
import { ropeCpu } from './rope.cpu.ts';
import { ropeAppend } from './rope-append.ts';

/** As rope.test.ts. */
const TOLERANCE = 4 * 2 ** -24;

interface Sizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly D: number;
  readonly rotary: number;
}

const SHAPES: readonly Sizes[] = [
  { heads: 1, kvHeads: 1, D: 2, rotary: 2 },
  { heads: 3, kvHeads: 1, D: 20, rotary: 20 },
  { heads: 4, kvHeads: 2, D: 20, rotary: 8 },
  { heads: 9, kvHeads: 3, D: 64, rotary: 64 },
  { heads: 5, kvHeads: 5, D: 7, rotary: 2 },
];
const ROWS = 3;
const S = 36;
/** Some rows have several new tokens, some none, and some columns no row. */
const COLUMNS = [
  { rowOf: [0, NO_ROW, NO_ROW, NO_ROW], positions: [35, 0, 0, 0] },
  { rowOf: [0, 0, 0, 2, 2, NO_ROW, 1, NO_ROW], positions: [4, 5, 6, 0, 31, 7, 30, 0] },
];

async function check(kind: 'cpu' | 'gpu', sizes: Sizes, { rowOf, positions }: (typeof COLUMNS)[number], shift = 0) {
  const { heads, kvHeads, D, rotary } = sizes;
  const T = rowOf.length;
  const R = kvHeads * D;
  const g = new Graph({ ...(await openDevice()).traits, kind });
  const caches = { k: g.state('keys', [ROWS * R, S]), v: g.state('values', [ROWS * R, S]) };
  const [q, k, v] = [g.input('q', [heads * D, T]), g.input('k', [R, T]), g.input('v', [R, T])];
  const [row, at] = [g.input('row of', [T], 'u32'), g.input('positions', [T], 'u32')];
  const turns = g.frozen('turns', [rotary / 2, S, 2]);
  const turned = ropeAppend(
    g,
    { q, k, v, caches, rowOf: row, positions: at, turns },
    { heads, kvHeads, headDim: D, rotary },
  );
  const [qv, kv, vv] = [noise(heads * D * T, 1), noise(R * T, 2), noise(R * T, 3)];
  const before = { k: noise(ROWS * R * S, 4), v: noise(ROWS * R * S, 5) };
  const table = testTurns(rotary / 2, S);
  const data = new Map<Value, Data>([
    [q, qv],
    [k, kv],
    [v, vv],
    [row, Uint32Array.from(rowOf)],
    [at, Uint32Array.from(positions)],
    [turns, table],
    [caches.k, before.k],
    [caches.v, before.v],
  ]);
  const [outQ, outK, outV] = await runCase({ graph: g, data, results: [turned, caches.k, caches.v] });
  const turn = (x: Float32Array, count: number) =>
    ropeCpu(
      x,
      positions.map((p) => p + shift),
      table,
      { heads: count, D, T, rotary, P: S },
    );
  cacheAppendCpu(before.k, turn(kv, kvHeads), rowOf, positions, { R, S, T });
  cacheAppendCpu(before.v, vv, rowOf, positions, { R, S, T });
  expectClose(outQ!, turn(qv, heads), TOLERANCE, T);
  expectClose(outK!, before.k, TOLERANCE, S);
  expectClose(outV!, before.v, 0, S);
}

describe.each(['cpu', 'gpu'] as const)('ropeAppend() of the variant for %s', (kind) => {
  it('does what rope and cacheAppend do one after the other, for whole and partial heads', async () => {
    for (const sizes of SHAPES) for (const columns of COLUMNS) await check(kind, sizes, columns);
  });
  it('is told from positions one off (control)', async () => {
    await expect(check(kind, SHAPES[1]!, COLUMNS[1]!, 1)).rejects.toThrow(/worst relative/);
  });
});

describe('ropeAppend()', () => {
  it('refuses values that are not shaped as the keys, and another table', async () => {
    const g = new Graph((await openDevice()).traits);
    const append = (vRows: number, half: number) =>
      ropeAppend(
        g,
        {
          ...{ q: g.input('q', [32, 4]), k: g.input('k', [16, 4]), v: g.input('v', [vRows, 4]) },
          caches: { k: g.state('k', [32, 8]), v: g.state('v', [32, 8]) },
          rowOf: g.input('row', [4], 'u32'),
          positions: g.input('at', [4], 'u32'),
          turns: g.frozen('turns', [half, 8, 2]),
        },
        { heads: 2, kvHeads: 1, headDim: 16 },
      );
    expect(() => append(8, 8)).toThrow(/Cannot append.*found k 16,4 and v 8,4/);
    expect(() => append(16, 4)).toThrow(/table of 8 rows of pairs/);
    append(16, 8);
  });
});
