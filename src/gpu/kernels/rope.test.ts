import { describe, expect, it } from 'vitest';
import { differentiate } from '../backward.ts';
import { Graph, type Value } from '../graph.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, noise, runCase, variable } from '../testing/run-kernel.ts';
import { testTurns } from '../testing/turns.ts';
import { type RopeSizes, ropeCpu } from './rope.cpu.ts';
import { rope, type Turned } from './rope.ts';

const restarting = (T: number, every: number) => Uint32Array.from({ length: T }, (_, t) => t % every);

describe.each(['cpu', 'gpu'] as const)('rope() of the variant for %s', (kind) => {
  it('matches its twin forward and turns the gradients back, whole and partial heads, as many keys or fewer', async () => {
    const traits = { ...(await openDevice()).traits, kind };
    const cases: (RopeSizes & { readonly kvHeads: number })[] = [
      { heads: 1, kvHeads: 1, D: 2, T: 4, rotary: 2, P: 4 },
      { heads: 3, kvHeads: 1, D: 20, T: 36, rotary: 20, P: 9 },
      { heads: 2, kvHeads: 2, D: 20, T: 68, rotary: 8, P: 30 },
      { heads: 9, kvHeads: 3, D: 64, T: 128, rotary: 64, P: 128 },
    ];
    for (const { kvHeads, ...sizes } of cases) {
      const { heads, D, T, rotary, P } = sizes;
      const g = new Graph(traits);
      const before = { q: variable(g, 'q', [heads * D, T]), k: variable(g, 'k', [kvHeads * D, T]) };
      const positions = g.input('positions', [T], 'u32');
      const turns = g.frozen('turns', [rotary / 2, P, 2]);
      const after = rope(g, before, { heads, kvHeads, headDim: D, rotary }, positions, turns);
      const seeds = { q: g.input('dq', before.q.shape), k: g.input('dk', before.k.shape) };
      const gradients = differentiate(
        g,
        new Map([
          [after.q, seeds.q],
          [after.k, seeds.k],
        ]),
      );
      const [pv, tv] = [restarting(T, P), testTurns(rotary / 2, P)];
      const values = { q: noise(heads * D * T, 1), k: noise(kvHeads * D * T, 2) };
      const dValues = { q: noise(heads * D * T, 3), k: noise(kvHeads * D * T, 4) };
      const data = new Map<Value, Data>([
        [positions, pv],
        [turns, tv],
        ...(['q', 'k'] as const).flatMap((x): [Value, Data][] => [
          [before[x], values[x]],
          [seeds[x], dValues[x]],
        ]),
      ]);
      const results = [after.q, after.k, gradients.get(before.q)!, gradients.get(before.k)!];
      const [q, k, dq, dk] = await runCase({ graph: g, data, results });
      const keys = { ...sizes, heads: kvHeads };
      // Two products and a sum of numbers of order 1: three roundings of 2^-24, and room for one more.
      expectClose(q!, ropeCpu(values.q, pv, tv, sizes), 4 * 2 ** -24, T);
      expectClose(k!, ropeCpu(values.k, pv, tv, keys), 4 * 2 ** -24, T);
      expectClose(dq!, ropeCpu(dValues.q, pv, tv, sizes, -1), 4 * 2 ** -24, T);
      expectClose(dk!, ropeCpu(dValues.k, pv, tv, keys, -1), 4 * 2 ** -24, T);
    }
  });

  it('turns back the gradient of one alone, where the other needs none', async () => {
    const traits = { ...(await openDevice()).traits, kind };
    const sizes = { heads: 2, D: 20, T: 36, rotary: 8, P: 36 };
    const { heads, D, T, rotary, P } = sizes;
    for (const [one, other] of [
      ['q', 'k'],
      ['k', 'q'],
    ] as const) {
      const g = new Graph(traits);
      const before = { [one]: variable(g, one, [heads * D, T]), [other]: g.input(other, [heads * D, T]) };
      const positions = g.input('positions', [T], 'u32');
      const turns = g.frozen('turns', [rotary / 2, P, 2]);
      const after = rope(
        g,
        before as unknown as Turned,
        { heads, kvHeads: heads, headDim: D, rotary },
        positions,
        turns,
      );
      expect([after[one].requiresGrad, after[other].requiresGrad]).toEqual([true, false]);
      const seed = g.input('d', [heads * D, T]);
      const gradients = differentiate(g, new Map([[after[one], seed]]));
      const [pv, tv, dv] = [restarting(T, P), testTurns(rotary / 2, P), noise(heads * D * T, 3)];
      const data = new Map<Value, Data>([
        [positions, pv],
        [turns, tv],
        [before[one]!, noise(heads * D * T, 1)],
        [before[other]!, noise(heads * D * T, 2)],
        [seed, dv],
      ]);
      const [d] = await runCase({ graph: g, data, results: [gradients.get(before[one]!)!] });
      expectClose(d!, ropeCpu(dv, pv, tv, sizes, -1), 4 * 2 ** -24, T);
    }
  });
});

describe('rope()', () => {
  it('has a twin whose inverse is its gradient, by finite differences', () => {
    const sizes = { heads: 2, D: 6, T: 4, rotary: 4, P: 5 };
    const turns = testTurns(2, 5);
    const positions = [0, 1, 3, 4];
    const x = Float64Array.from(noise(48, 1));
    const dy = noise(48, 2);
    const expected = slope(x, dy, () => ropeCpu(x, positions, turns, sizes));
    expectClose(ropeCpu(dy, positions, turns, sizes, -1), expected, 1e-9);
    expect(() => expectClose(ropeCpu(dy, positions, turns, sizes, 1), expected, 1e-9)).toThrow(/worst relative/);
  });
  it('refuses tables of another size', async () => {
    const g = new Graph((await openDevice()).traits);
    const table = g.frozen('turns', [4, 9, 2]);
    const x = g.input('x', [32, 4]);
    expect(() =>
      rope(g, { q: x, k: x }, { heads: 2, kvHeads: 2, headDim: 16 }, g.input('p', [4], 'u32'), table),
    ).toThrow(/need 32 and 32 rows.*table of 8 rows/);
  });
});
