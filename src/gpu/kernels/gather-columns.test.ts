import { describe, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, noise, runCase } from '../testing/run-kernel.ts';
import { gatherColumnsCpu, scatterColumnsCpu } from './gather-columns.cpu.ts';
import { gatherColumns, scatterColumns } from './gather-columns.ts';

describe('gatherColumns() and scatterColumns()', () => {
  it('move the columns that are used and no others', async () => {
    const { traits } = await openDevice();
    for (const [C, T, offset, count, used] of [
      [1, 4, 0, 4, 4],
      [3, 20, 4, 8, 7],
      [36, 132, 16, 16, 40],
      [5, 8, 0, 8, 0],
    ] as const) {
      const g = new Graph(traits);
      const x = g.input('x', [C, T]);
      const dy = g.input('dy', [C, count]);
      const before = g.input('before', [C, T]);
      const columns = g.input('columns', [T], 'u32');
      const usedValue = g.input('used', [1], 'u32');
      const choice = { columns, used: usedValue, offset, count };
      const y = gatherColumns(g, x, choice);
      const dx = scatterColumns(g, dy, before, choice);
      const [xv, dyv, bv] = [noise(C * T, 1), noise(C * count, 2), noise(C * T, 3)];
      const columnsv = Uint32Array.from({ length: T }, (_, i) => (i * 3 + 1) % T);
      const data = new Map<Value, Data>([
        [x, xv],
        [dy, dyv],
        [before, bv],
        [columns, columnsv],
        [usedValue, Uint32Array.of(used)],
      ]);
      const [out, dxOut] = await runCase({ graph: g, data, results: [y, dx] });
      const chosen = { columns: columnsv, used, offset, count };
      expectClose(out!, gatherColumnsCpu(xv, [C, T], chosen), 0, count);
      expectClose(dxOut!, scatterColumnsCpu(dyv, bv, [C, T], chosen), 0, T);
    }
  });
});
