import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, noise, runCase } from '../testing/run-kernel.ts';
import { clipAndAdamWCpu } from './clip-and-adamw.cpu.ts';
import { clipAndAdamW, HYPER_LENGTH, type Hyper, packHyper } from './clip-and-adamw.ts';

const HYPER = { lr: 2e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 3, clip: 1, gradScale: 0.5 };

async function update(kind: 'cpu' | 'gpu', n: number, grads: Float32Array, hyper: Hyper) {
  const g = new Graph({ ...(await openDevice()).traits, kind });
  const state = (name: string) => g.state(name, [n]);
  const values = {
    params: state('params'),
    grads: state('grads'),
    m: state('m'),
    v: state('v'),
    hyper: g.input('hyper', [HYPER_LENGTH]),
    groups: g.input('groups', [n / 32]),
    norm: g.output('norm', [2]),
  };
  clipAndAdamW(g, values);
  const start = { params: noise(n, 1), m: noise(n, 2).map((x) => 0.1 * x), v: noise(n, 3).map((x) => 0.01 * x * x) };
  // Every second block learns 16 times faster (LoRA+) and every third decays.
  const groups = Float32Array.from({ length: n / 32 }, (_, i) =>
    i % 2 === 0 ? 1 + 15 * ((i >> 1) % 2) : (i >> 1) % 3 === 0 ? 0.1 : 0,
  );
  const data = new Map([
    [values.params, start.params],
    [values.grads, grads],
    [values.m, start.m],
    [values.v, start.v],
    [values.hyper, packHyper(hyper)],
    [values.groups, groups],
  ]);
  const [params, m, v, norm] = (await runCase({
    graph: g,
    data,
    results: [values.params, values.m, values.v, values.norm],
  })) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const twin = {
    params: Float64Array.from(start.params),
    m: Float64Array.from(start.m),
    v: Float64Array.from(start.v),
  };
  const expected = clipAndAdamWCpu(twin, grads, { clip: 0, gradScale: 1, ...hyper }, groups);
  return { params, m, v, norm, start, twin, expected };
}

describe.each(['cpu', 'gpu'] as const)('clipAndAdamW() of the variant for %s', (kind) => {
  it('matches its twin, clipped and not, from one block to folded rounds', async () => {
    for (const n of [64, 192, 4096 + 64, 70_016])
      for (const clip of [0, 1, 1e6]) {
        const { params, m, v, norm, twin, expected } = await update(kind, n, noise(n, 4), { ...HYPER, clip });
        // A handful of roundings of 2^-24 each; the norm is a sum of squares, all positive.
        expectClose(norm, [expected.norm, 0], 2e-6);
        expectClose(m, twin.m, 2e-6);
        expectClose(v, twin.v, 2e-6);
        expectClose(params, twin.params, 2e-6);
      }
  });
  it('changes nothing when a gradient is NaN or infinite, wherever it lies', async () => {
    for (const wrong of [NaN, Infinity, -Infinity])
      for (const at of [0, 4099, 8191]) {
        const grads = noise(8192, 4);
        grads[at] = wrong;
        const { params, m, v, norm, start, expected } = await update(kind, 8192, grads, HYPER);
        expect(norm[1]).toBe(1);
        expectClose([norm[0]!], [expected.norm], 2e-6);
        for (const [after, before] of [
          [params, start.params],
          [m, start.m],
          [v, start.v],
        ])
          expect(after).toEqual(before);
      }
  });
  it('reports a norm beyond f32 as not finite', async () => {
    const { norm, params, start } = await update(kind, 64, new Float32Array(64).fill(3e38), HYPER);
    expect(norm[1]).toBe(1);
    expect(params).toEqual(start.params);
  });
  it('gives the same bits twice', async () => {
    const [a, b] = [await update(kind, 4160, noise(4160, 9), HYPER), await update(kind, 4160, noise(4160, 9), HYPER)];
    expect(a.params).toEqual(b.params);
    expect(a.norm).toEqual(b.norm);
  });
});

describe('clipAndAdamW()', () => {
  it('moves every parameter by lr in the first step, whatever the gradient (a property of Adam)', () => {
    const state = { params: new Float64Array(64), m: new Float64Array(64), v: new Float64Array(64) };
    clipAndAdamWCpu(state, noise(64, 5), { ...HYPER, step: 1, eps: 0 }, [1, 0]);
    expectClose(state.params.map(Math.abs), new Float64Array(64).fill(HYPER.lr), 1e-12);
  });
  it('is told from Adam with the decay inside the gradient', async () => {
    const { params, twin } = await update('cpu', 192, noise(192, 4), HYPER);
    const decayed = twin.params.map((p, i) => (i < 64 ? p * 1.001 : p));
    expect(() => expectClose(params, decayed, 2e-6)).toThrow(/worst relative/);
  });
  it('refuses lengths that do not fit', async () => {
    const g = new Graph((await openDevice()).traits);
    const x = g.state('x', [100]);
    const values = { params: x, grads: x, m: x, v: x, hyper: x, groups: x, norm: x };
    expect(() => clipAndAdamW(g, values)).toThrow(/need four equal multiples of 64/);
  });
});
