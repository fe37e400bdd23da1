import { describe, it } from 'vitest';
import { Graph } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, noise, runCase } from '../testing/run-kernel.ts';
import { zero } from './zero.ts';

describe('zero()', () => {
  it('clears every element at awkward sizes, and nothing beside them', async () => {
    const { traits } = await openDevice();
    for (const n of [1, 4, 7, 255, 257, 4100]) {
      const g = new Graph(traits);
      const x = g.output('x', [n]);
      const beside = g.output('beside', [n]);
      zero(g, x);
      const data = noise(n);
      const [cleared, kept] = await runCase({
        graph: g,
        data: new Map([
          [x, data],
          [beside, data],
        ]),
        results: [x, beside],
      });
      expectClose(cleared!, new Float32Array(n), 0);
      expectClose(kept!, data, 0);
    }
  });
});
