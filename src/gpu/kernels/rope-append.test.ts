import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.ts';
import { cacheCase } from '../testing/cache-case.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, runCase } from '../testing/run-kernel.ts';
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

async function check(kind: 'cpu' | 'gpu', sizes: Sizes, columns: (typeof COLUMNS)[number], shift = 0) {
  const { heads, kvHeads, D, rotary } = sizes;
  const { rowOf, positions } = columns;
  const T = rowOf.length;
  const R = kvHeads * D;
  const g = new Graph({ ...(await openDevice()).traits, kind });
  const { values, host, data } = cacheCase(g, { ...sizes, T, S, rows: ROWS }, columns);
  const turned = ropeAppend(g, { ...values, turns: values.turns! }, { heads, kvHeads, headDim: D, rotary });
  const { caches } = values;
  const [outQ, outK, outV] = await runCase({ graph: g, data, results: [turned, caches.k, caches.v] });
  const shifted = positions.map((p) => p + shift);
  const turn = (x: Float32Array, count: number) =>
    ropeCpu(x, shifted, host.turns, { heads: count, D, T, rotary, P: S });
  const after = host.caches;
  cacheAppendCpu(after.k, turn(host.k, kvHeads), rowOf, positions, { R, S, T });
  cacheAppendCpu(after.v, host.v, rowOf, positions, { R, S, T });
  expectClose(outQ!, turn(host.q, heads), TOLERANCE, T);
  expectClose(outK!, after.k, TOLERANCE, S);
  expectClose(outV!, after.v, 0, S);
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
