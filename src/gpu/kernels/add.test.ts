import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.ts';
import { planMemory } from '../plan.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, noise, runCase } from '../testing/run-kernel.ts';
import { add } from './add.ts';

describe('add()', () => {
  it('adds in place at awkward sizes', async () => {
    const { traits } = await openDevice();
    for (const shape of [
      [1, 4],
      [3, 4],
      [7, 36],
      [64, 260],
    ]) {
      const g = new Graph(traits);
      const a = g.input('a', shape);
      const b = g.input('b', shape);
      const y = add(g, a, b);
      const [av, bv] = [noise(shape[0]! * shape[1]!, 1), noise(shape[0]! * shape[1]!, 2)];
      const [out] = await runCase({
        graph: g,
        data: new Map([
          [a, av],
          [b, bv],
        ]),
        results: [y],
      });
      expectClose(
        out!,
        av.map((x, i) => x + bv[i]!),
        0,
        shape[1]!,
      );
    }
  });

  it('is refused by the plan when its operand is read again as it was', async () => {
    const { traits } = await openDevice();
    const g = new Graph(traits);
    const a = g.input('a', [1, 4]);
    add(g, a, g.input('b', [1, 4]));
    add(g, a, g.input('c', [1, 4]));
    expect(() => planMemory(g, traits)).toThrow(/reads "a" after "add a"/);
  });
});
