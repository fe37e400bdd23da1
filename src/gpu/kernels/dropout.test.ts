import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import { add } from './add.ts';
import { dropoutCpu, philoxCpu } from './dropout.cpu.ts';
import { dropout } from './dropout.ts';

const KEYS = { p: 0.3, key: [77, 0xdeadbeef], seed: [0xffffffff, 42], step: 9 } as const;

describe('dropout()', () => {
  it('draws the numbers of Random123 (its kat_vectors, philox4x32 10)', () => {
    expect(philoxCpu([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    const ones = 0xffffffff;
    expect(philoxCpu([ones, ones, ones, ones], [ones, ones])).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
    expect(philoxCpu([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ]);
  });
  it('keeps the same elements as its twin, forward and backward, and adds to a gradient that is there', async () => {
    const { traits } = await openDevice();
    for (const [C, T] of [
      [1, 4],
      [7, 36],
      [64, 68],
    ] as const) {
      const g = new Graph(traits);
      const x = variable(g, 'x', [C, T]);
      const step = g.input('step', [4], 'u32');
      const both = add(g, dropout(g, x, { ...KEYS, step }), dropout(g, x, { ...KEYS, key: [78, 0], step }));
      const [dy, dx] = gradientsOf(g, both, x);
      const [xv, dv] = [noise(C * T, 1), noise(C * T, 2)];
      const [out, dOut] = await runCase({
        graph: g,
        data: new Map<Value, Data>([
          [x, xv],
          [dy, dv],
          [step, Uint32Array.of(...KEYS.seed, KEYS.step, 0)],
        ]),
        results: [both, dx!],
      });
      const twin = (v: Float32Array) => {
        const second = dropoutCpu(v, { ...KEYS, key: [78, 0] });
        return dropoutCpu(v, KEYS).map((kept, i) => kept + second[i]!);
      };
      // One product and one sum, a rounding each.
      expectClose(out!, twin(xv), 3 * 2 ** -24, T);
      expectClose(dOut!, twin(dv), 3 * 2 ** -24, T);
      if (C > 1) expect(() => expectClose(out!, dropoutCpu(xv, { ...KEYS, step: 10 }), 0.1)).toThrow(/worst relative/);
    }
  });
  it('drops the share that was asked for', () => {
    const n = 40_000;
    for (const p of [0.05, 0.5, 0.9]) {
      const dropped = dropoutCpu(new Float64Array(n).fill(1), { ...KEYS, p }).filter((v) => v === 0).length;
      // Five standard deviations of a binomial share.
      expect(Math.abs(dropped / n - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n));
    }
  });
  it('is nothing at p = 0 and refuses p = 1', async () => {
    const g = new Graph((await openDevice()).traits);
    const x = g.input('x', [4, 4]);
    const step = g.input('step', [4], 'u32');
    expect(dropout(g, x, { p: 0, key: [0, 0], step })).toBe(x);
    expect(() => dropout(g, x, { p: 1, key: [0, 0], step })).toThrow(/need 0 ≤ p < 1/);
  });
});
