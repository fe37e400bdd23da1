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
    const cache = g.state('keys', [rows * R, S]);
    const x = g.input('x', [R, T]);
    const [rowOf, positions] = [g.input('row of', [T], 'u32'), g.input('positions', [T], 'u32')];
    cacheAppend(g, cache, x, rowOf, positions);
    const [before, xv] = [noise(rows * R * S, 1), noise(R * T, 2)];
    const row = Uint32Array.of(0, 0, 0, 2, 2, NO_ROW, 1, NO_ROW);
    const at = Uint32Array.of(4, 5, 6, 0, 31, 7, 30, 0);
    const [after] = await runCase({
      graph: g,
      data: new Map<Value, Data>([
        [cache, before],
        [x, xv],
        [rowOf, row],
        [positions, at],
      ]),
      results: [cache],
    });
    cacheAppendCpu(before, xv, row, at, { R, S, T });
    expectClose(after!, before, 0, S);
  });
});
