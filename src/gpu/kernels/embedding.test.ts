import { describe, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, runCase } from '../testing/run-kernel.ts';
import { TIMEOUT } from '../testing/variants.ts';
import { STORAGES, testWeight } from '../testing/weights.ts';
import { embeddingCpu } from './embedding.cpu.ts';
import { embedding } from './embedding.ts';

describe('embedding()', () => {
  it.each(STORAGES)(
    'gathers rows of %s',
    async (storage) => {
      const { traits } = await openDevice();
      for (const [V, C, T] of [
        [1, 4, 4],
        [7, 33, 12],
        [300, 80, 132],
      ] as const) {
        const first = V > 2 ? 2 : 0;
        const g = new Graph(traits);
        const { weight, data, dense } = testWeight(g, storage, V, C);
        const ids = g.input('ids', [T], 'u32');
        const x = embedding(g, weight, ids, { scale: 3, first });
        const idsv = Uint32Array.from({ length: T }, (_, t) => (t * 97 + V - 1) % (V - first));
        const [out] = await runCase({ graph: g, data: new Map<Value, Data>([[ids, idsv], ...data]), results: [x] });
        // Two products of f32.
        expectClose(out!, embeddingCpu(dense, idsv, C, 3, first), 3e-7, T);
      }
    },
    TIMEOUT,
  );
});
