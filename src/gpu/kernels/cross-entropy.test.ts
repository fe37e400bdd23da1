import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, noise, runCase } from '../testing/run-kernel.ts';
import { slopes } from '../testing/slopes.ts';
import { TIMEOUT } from '../testing/variants.ts';
import { crossEntropyCpu } from './cross-entropy.cpu.ts';
import { crossEntropy } from './cross-entropy.ts';

describe.each(['cpu', 'gpu'] as const)('crossEntropy() of the variant for %s', (kind) => {
  it(
    'gives losses and gradients of the columns that are used, and zeros in the others',
    async () => {
      const traits = { ...(await openDevice()).traits, kind };
      for (const [V, M, offset, used] of [
        [1, 4, 0, 4],
        [5, 8, 8, 13],
        [127, 12, 0, 12],
        [130, 4, 4, 6],
        [1031, 20, 0, 17],
      ] as const) {
        const g = new Graph(traits);
        const logits = g.input('logits', [V, M]);
        const targetIds = g.input('ids', [offset + M], 'u32');
        const usedValue = g.input('used', [1], 'u32');
        const lossScale = g.input('loss scale', [1]);
        const losses = g.output('losses', [offset + M]);
        const dlogits = crossEntropy(g, logits, { used: usedValue, offset }, { targetIds, lossScale, losses });
        // As far apart as logits get, and far from 0: the maximum must be taken off.
        const lv = noise(V * M, 3).map((x) => 30 * x + 200);
        const ids = Uint32Array.from({ length: offset + M }, (_, i) => (i * 31) % V);
        const data = new Map<Value, Data>([
          [logits, lv],
          [targetIds, ids],
          [usedValue, Uint32Array.of(used)],
          [lossScale, Float32Array.of(0.125)],
        ]);
        const [lossOut, dOut] = await runCase({ graph: g, data, results: [losses, dlogits] });
        const expected = crossEntropyCpu(lv, ids.subarray(offset), V, 0.125);
        const isUsed = (i: number) => offset + (i % M) < used;
        // exp amplifies the rounding of logits of 230 (2^-16) to 2e-5.
        expectClose(
          dOut!,
          expected.dlogits.map((d, i) => (isUsed(i) ? d : 0)),
          3e-5,
          M,
        );
        expectClose(lossOut!.subarray(offset, used), expected.losses.subarray(0, used - offset), 3e-5);
      }
    },
    TIMEOUT,
  );
});

describe('crossEntropyCpu()', () => {
  it('has the gradient of finite differences', () => {
    const logits = Float64Array.from(noise(12, 1));
    const loss = () => crossEntropyCpu(logits, [2, 0, 1], 4).losses.reduce((a, b) => a + b, 0);
    const { dlogits } = crossEntropyCpu(logits, [2, 0, 1], 4);
    // Central differences: step² times a third derivative of order 1.
    expectClose(dlogits, slopes(loss, logits), 1e-7);
    expect(() =>
      expectClose(
        dlogits.map((d) => 1.001 * d),
        slopes(loss, logits),
        1e-7,
      ),
    ).toThrow(/worst/);
  });
});
