import { describe, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, noise, runCase } from '../testing/run-kernel.ts';
import { cacheAppendCpu } from './cache-append.cpu.ts';
import { cacheAppend, NO_ROW } from './cache-append.ts';

describe('cacheAppend()', () => {
  it('writes each column to its row and position, and nothing else', async () => {
    const { traits } = await openDevice();
    const [rows, R, S, T] = [3, 20, 32, 8];
    const g = new Graph(traits);
    const [keys, values] = [g.state('keys', [rows * R, S]), g.state('values', [rows * R, S])];
    const [k, v] = [g.input('k', [R, T]), g.input('v', [R, T])];
    const [rowOf, positions] = [g.input('row of', [T], 'u32'), g.input('positions', [T], 'u32')];
    cacheAppend(g, { k, v, caches: { k: keys, v: values }, rowOf, positions });
    const before = [noise(rows * R * S, 1), noise(rows * R * S, 3)] as const;
    const added = [noise(R * T, 2), noise(R * T, 4)] as const;
    const row = Uint32Array.of(0, 0, 0, 2, 2, NO_ROW, 1, NO_ROW);
    const at = Uint32Array.of(4, 5, 6, 0, 31, 7, 30, 0);
    const after = await runCase({
      graph: g,
      data: new Map<Value, Data>([
        [keys, before[0]],
        [values, before[1]],
        [k, added[0]],
        [v, added[1]],
        [rowOf, row],
        [positions, at],
      ]),
      results: [keys, values],
    });
    for (const [i, expected] of before.entries()) {
      cacheAppendCpu(expected, added[i]!, row, at, { R, S, T });
      expectClose(after[i]!, expected, 0, S);
    }
  });
});
