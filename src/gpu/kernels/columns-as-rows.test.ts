import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, noise, runCase } from '../testing/run-kernel.ts';
import { columnsAsRows } from './columns-as-rows.ts';

describe('columnsAsRows()', () => {
  it.each([
    [1, 4, 1],
    [67, 4, 3],
    [130, 8, 5],
    [4097, 12, 12],
  ])('turns columns of (%i,%i) into %i rows', async (C, T, count) => {
    const g = new Graph((await openDevice()).traits);
    const x = g.input('x', [C, T]);
    const y = columnsAsRows(g, x, count);
    const xv = noise(C * T, 1);
    const [out] = await runCase({ graph: g, data: new Map([[x, xv]]), results: [y] });
    const expected = Float64Array.from({ length: count * C }, (_, i) => xv[(i % C) * T + Math.floor(i / C)]!);
    expectClose(out!, expected, 0);
    if (C > 1) expect(() => expectClose(out!, Float64Array.from(xv.slice(0, count * C)), 0)).toThrow();
  });

  it('refuses more columns than there are', async () => {
    const g = new Graph((await openDevice()).traits);
    expect(() => columnsAsRows(g, g.input('x', [8, 4]), 5)).toThrow('found 4, need 5');
  });
});
