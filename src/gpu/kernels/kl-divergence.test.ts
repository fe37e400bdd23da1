import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, noise, runCase } from '../testing/run-kernel.ts';
import { TIMEOUT } from '../testing/variants.ts';
import { klDivergenceCpu } from './kl-divergence.cpu.ts';
import { klDivergence } from './kl-divergence.ts';

describe.each(['cpu', 'gpu'] as const)('klDivergence() of the variant for %s', (kind) => {
  async function run(V: number, M: number, offset: number, used: number, x: Float32Array, y: Float32Array) {
    const g = new Graph({ ...(await openDevice()).traits, kind });
    const [xs, ys] = [g.input('x', [V, M]), g.input('y', [V, M])];
    const usedValue = g.input('used', [1], 'u32');
    const divergences = g.output('divergences', [offset + M]);
    klDivergence(g, xs, ys, { used: usedValue, offset }, divergences);
    const data = new Map<Value, Data>([
      [xs, x],
      [ys, y],
      [usedValue, Uint32Array.of(used)],
      [divergences, new Float32Array(offset + M).fill(-1)],
    ]);
    return (await runCase({ graph: g, data, results: [divergences] }))[0]!;
  }

  it(
    'gives the divergence of the columns that are used, and leaves the others alone',
    async () => {
      for (const [V, M, offset, used] of [
        [1, 4, 0, 4],
        [5, 8, 8, 13],
        [127, 12, 0, 12],
        [130, 4, 4, 6],
        [1031, 20, 0, 17],
      ] as const) {
        const x = noise(V * M, 3).map((value) => 10 * value + 200);
        const y = noise(V * M, 7).map((value, i) => x[i]! + 2 * value - 150);
        const found = await run(V, M, offset, used, x, y);
        const expected = klDivergenceCpu(x, y, V);
        // Logits of 200 carry a rounding of 2^-16 into differences of order 1.
        expectClose(found.subarray(offset, used), expected.subarray(0, used - offset), 1e-4);
        expect([...found.subarray(0, offset), ...found.subarray(used)].every((value) => value === -1)).toBe(true);
      }
    },
    TIMEOUT,
  );

  it(
    'is exactly 0 between equal columns, and never between others',
    async () => {
      const x = noise(300 * 8, 5).map((value) => 4 * value);
      expect([...(await run(300, 8, 0, 8, x, x))]).toEqual(new Array(8).fill(0));
      const y = x.map((value, i) => (i === 8 * 17 + 3 ? value + 1 : value));
      const found = await run(300, 8, 0, 8, x, y);
      expect(found[3]).toBeGreaterThan(0);
      expect([...found.filter((_, m) => m !== 3)]).toEqual(new Array(7).fill(0));
    },
    TIMEOUT,
  );
});

describe('klDivergenceCpu()', () => {
  it('is what two coins have', () => {
    const log = (p: number[]) => p.map(Math.log);
    const [divergence] = klDivergenceCpu(log([0.5, 0.5]), log([0.9, 0.1]), 2);
    expect(divergence).toBeCloseTo(0.5 * Math.log(0.5 / 0.9) + 0.5 * Math.log(0.5 / 0.1), 12);
  });
});
