import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, noise, runCase } from '../testing/run-kernel.ts';
import { rounding, TIMEOUT, VARIANTS } from '../testing/variants.ts';
import { outerProductCpu } from './outer-product.cpu.ts';
import { outerProduct } from './outer-product.ts';

describe.each(VARIANTS)('outerProduct() of the variant for $name', (variant) => {
  it(
    'adds to the gradient what its twin adds, for skinny and square shapes',
    async () => {
      const traits = { ...(await openDevice()).traits, ...variant.traits };
      for (const [M, N, T] of [
        [1, 1, 4],
        [4, 33, 8],
        [8, 576, 36],
        [31, 8, 60],
        [64, 16, 132],
        [128, 36, 256],
      ] as const) {
        const g = new Graph(traits);
        const dy = g.input('dy', [M, T]);
        const x = g.input('x', [N, T]);
        // A second trainable in front, so that the slice does not start at 0.
        g.trainable('other', [3, 5]);
        const gradient = g.gradientOf(g.trainable('w', [M, N]));
        outerProduct(g, dy, x, gradient, 0.5);
        const [dyv, xv, before] = [noise(M * T, 1), noise(N * T, 2), noise(M * N, 3)];
        const [out] = await runCase({
          graph: g,
          data: new Map([
            [dy, dyv],
            [x, xv],
            [gradient, before],
          ]),
          results: [gradient],
        });
        expectClose(out!, outerProductCpu(dyv, xv, { M, N, T }, 0.5, before), rounding(T), N);
      }
    },
    TIMEOUT,
  );
});

describe('outerProduct()', () => {
  it('refuses shapes that do not fit', async () => {
    const g = new Graph((await openDevice()).traits);
    const gradient = g.gradientOf(g.trainable('w', [8, 4]));
    expect(() => outerProduct(g, g.input('dy', [4, 8]), g.input('x', [8, 8]), gradient)).toThrow(
      /need \(M,T\) and \(N,T\) for 8,4/,
    );
  });
});
