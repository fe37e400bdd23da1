import { describe, expect, it } from 'vitest';
import { byteLength, Graph, type Value } from '../graph.ts';
import { planMemory } from '../plan.ts';
import { openDevice } from '../testing/open-device.ts';
import { type Data, expectClose, noise, runCase } from '../testing/run-kernel.ts';
import { rounding, TIMEOUT, VARIANTS } from '../testing/variants.ts';
import { testWeight } from '../testing/weights.ts';
import { BASE_TRAITS } from '../traits.ts';
import { frozenWeight } from '../weight.ts';
import { crossEntropyCpu } from './cross-entropy.cpu.ts';
import { gatherColumnsCpu, scatterColumnsCpu } from './gather-columns.cpu.ts';
import { lmHeadLoss, lossChunk } from './lm-head-loss.ts';
import { logitsOf } from './logits-of.ts';
import { matmulBackwardCpu, matmulCpu } from './matmul.cpu.ts';
import { matmul } from './matmul.ts';

const SIZES = [203, 36, 44] as const;
const [V, C, T] = SIZES;

function inputs(g: Graph, supervised: number, [V, C, T]: readonly [number, number, number] = SIZES) {
  const head = testWeight(g, 'q8', V, C, 5);
  const hidden = g.input('hidden', [C, T]);
  const targetColumns = g.input('columns', [T], 'u32');
  const targetIds = g.input('ids', [T], 'u32');
  const count = g.input('supervised', [1], 'u32');
  const lossScale = g.input('loss scale', [1]);
  // Beyond the count, what an earlier batch has left there.
  const columns = Uint32Array.from({ length: T }, (_, i) => (i < supervised ? 2 * i + 1 : 0));
  const ids = Uint32Array.from({ length: T }, (_, i) => (i * 37) % V);
  const hv = noise(C * T, 6).map((v) => 4 * v);
  const data = new Map<Value, Data>([
    [hidden, hv],
    [targetColumns, columns],
    [targetIds, ids],
    [count, Uint32Array.of(supervised)],
    [lossScale, Float32Array.of(1 / 64)],
    ...head.data,
  ]);
  const chosen = { columns, used: supervised, offset: 0, count: supervised };
  const h = gatherColumnsCpu(hv, [C, T], chosen);
  const logits = matmulCpu(head.dense, h, { O: V, C, T: supervised });
  const { losses, dlogits } = crossEntropyCpu(logits, ids.subarray(0, supervised), V, 1 / 64);
  const dh = matmulBackwardCpu(head.dense, dlogits, { O: V, C, T: supervised });
  const dHidden = scatterColumnsCpu(dh, new Float64Array(C * T), [C, T], chosen);
  return {
    g,
    head: (x: Value) => matmul(g, head.weight, x, { label: 'logits' }),
    hidden,
    targetColumns,
    targetIds,
    supervised: count,
    lossScale,
    data,
    expected: { losses, dHidden, logits },
  };
}

describe.each(VARIANTS)('lmHeadLoss() of the variant for $name', (variant) => {
  it(
    'gives the losses of the supervised positions and the gradient of the hidden states, chunk by chunk',
    async () => {
      const traits = { ...(await openDevice()).traits, ...variant.traits };
      for (const [supervised, chunk] of [
        [22, 16],
        [16, 16],
        [9, 44],
        [1, 16],
      ] as const) {
        const { g, data, expected, ...rest } = inputs(new Graph(traits), supervised);
        const { losses, dHidden } = lmHeadLoss(g, { ...rest, chunk, backward: true });
        const [lossOut, dOut] = await runCase({ graph: g, data, results: [losses, dHidden!], counts: { supervised } });
        expectClose(lossOut!.subarray(0, supervised), expected.losses, 2 * rounding(C));
        expectClose(dOut!, expected.dHidden, 2 * rounding(V), T);
      }
    },
    TIMEOUT,
  );

  it(
    'gives no gradient when nothing is supervised, and losses without a backward',
    async () => {
      const traits = { ...(await openDevice()).traits, ...variant.traits };
      const none = inputs(new Graph(traits), 0);
      const { dHidden } = lmHeadLoss(none.g, { ...none, chunk: 16, backward: true });
      const [dOut] = await runCase({ graph: none.g, data: none.data, results: [dHidden!], counts: { supervised: 0 } });
      expect(dOut!.every((v) => v === 0)).toBe(true);
      const some = inputs(new Graph(traits), 5);
      const result = lmHeadLoss(some.g, { ...some, chunk: 16, backward: false });
      expect(result.dHidden).toBeUndefined();
      const [losses] = await runCase({
        graph: some.g,
        data: some.data,
        results: [result.losses],
        counts: { supervised: 5 },
      });
      expectClose(losses!.subarray(0, 5), some.expected.losses, 2 * rounding(C));
    },
    TIMEOUT,
  );
});

describe('lmHeadLoss() of a vocabulary of 256,000', () => {
  const vocabulary = 256_000;

  it('takes less than 64 MB beside the hidden states, however many tokens there are', () => {
    for (const [columns, tokens] of [
      [640, 512],
      [2048, 4096],
      [2304, 8192],
    ] as const) {
      const g = new Graph({ ...BASE_TRAITS, maxBindingBytes: 1e9, maxBufferBytes: 1e9 });
      const hidden = g.input('hidden', [columns, tokens]);
      const weight = frozenWeight(g, 'head', 'q8', vocabulary, columns);
      const [targetColumns, targetIds] = [g.input('at', [tokens], 'u32'), g.input('ids', [tokens], 'u32')];
      const { dHidden } = lmHeadLoss(g, {
        hidden,
        head: (x) => matmul(g, weight, x, { label: 'logits' }),
        targetColumns,
        targetIds,
        supervised: g.input('supervised', [1], 'u32'),
        lossScale: g.input('scale', [1]),
        chunk: lossChunk(vocabulary, tokens),
        backward: true,
      });
      const { own } = planMemory(g, g.traits).bytes;
      expect(own - byteLength(hidden) - byteLength(dHidden!)).toBeLessThan(64e6);
      // All logits at once would be 524 MB and more.
      expect(4 * vocabulary * tokens).toBeGreaterThan(500e6);
    }
  });

  it(
    'gives losses and gradient as its twin does, in two chunks',
    async () => {
      const supervised = 33;
      const sizes = [vocabulary, 4, 68] as const;
      const { g, data, expected, ...rest } = inputs(new Graph((await openDevice()).traits), supervised, sizes);
      const chunk = lossChunk(vocabulary, sizes[2]);
      expect(chunk).toBe(32);
      const { losses, dHidden } = lmHeadLoss(g, { ...rest, chunk, backward: true });
      const [lossOut, dOut] = await runCase({ graph: g, data, results: [losses, dHidden!], counts: { supervised } });
      expectClose(lossOut!.subarray(0, supervised), expected.losses, 2 * rounding(sizes[1]));
      expectClose(dOut!, expected.dHidden, 2 * rounding(vocabulary), sizes[2]);
    },
    TIMEOUT,
  );
});

describe('logitsOf()', () => {
  it(
    'multiplies the chosen columns only',
    async () => {
      const { g, hidden, head, targetColumns, supervised, data, expected } = inputs(
        new Graph((await openDevice()).traits),
        12,
      );
      const logits = logitsOf(g, hidden, head, targetColumns, supervised);
      const [out] = await runCase({ graph: g, data, results: [logits] });
      expect(logits.shape).toEqual([V, T]);
      const used = Float32Array.from({ length: V * 12 }, (_, i) => out![Math.floor(i / 12) * T + (i % 12)]!);
      expectClose(used, expected.logits, rounding(C), 12);
    },
    TIMEOUT,
  );
});

describe('lossChunk()', () => {
  it('keeps logits below 32 MB, in columns of 16, and never exceeds the tokens', () => {
    expect(lossChunk(49152, 2048)).toBe(160);
    expect(lossChunk(256, 36)).toBe(36);
    expect(lossChunk(10_000_000, 512)).toBe(16);
  });
});
