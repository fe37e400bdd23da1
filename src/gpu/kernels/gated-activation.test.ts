import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.ts';
import { slope } from '../testing/finite-differences.ts';
import { openDevice } from '../testing/open-device.ts';
import { expectClose, gradientsOf, noise, runCase, variable } from '../testing/run-kernel.ts';
import { gatedActivationBackwardCpu, gatedActivationCpu } from './gated-activation.cpu.ts';
import { gatedActivation } from './gated-activation.ts';

describe.each(['silu', 'gelu-tanh'] as const)('gatedActivation() %s', (kind) => {
  it('matches its twin at awkward sizes and far out on the tails, forward and backward', async () => {
    const { traits } = await openDevice();
    for (const [F, T, reach] of [
      [1, 4, 1],
      [7, 36, 8],
      [64, 68, 120],
    ] as const) {
      const g = new Graph(traits);
      const gate = variable(g, 'gate', [F, T]);
      const up = variable(g, 'up', [F, T]);
      const y = gatedActivation(g, gate, up, kind);
      const [dy, dgate, dup] = gradientsOf(g, y, gate, up);
      const [gv, uv, dv] = [noise(F * T, 1).map((v) => reach * v), noise(F * T, 2), noise(F * T, 3)];
      // y is read while gate and up are intact: its place is kept, theirs hold the gradients.
      const [out, dgOut, duOut] = await runCase({
        graph: g,
        data: new Map([
          [gate, gv],
          [up, uv],
          [dy, dv],
        ]),
        results: [y, dgate!, dup!],
      });
      const expected = gatedActivationBackwardCpu(kind, gv, uv, dv);
      // As for activation: WGSL allows exp an error of 3 + 2·|x| ulp; beside the largest result, |x| ≤ 120 · e^-|x| leaves about 4 ulp.
      const tolerance = 32 * 2 ** -24;
      expectClose(out!, gatedActivationCpu(kind, gv, uv), tolerance, T);
      expectClose(dgOut!, expected.dgate, tolerance, T);
      expectClose(duOut!, expected.dup, tolerance, T);
    }
  });
  it('has a twin whose backward agrees with finite differences', () => {
    const gate = Float64Array.from(noise(12, 1), (v) => 4 * v);
    const up = Float64Array.from(noise(12, 2));
    const dy = noise(12, 3);
    const { dgate, dup } = gatedActivationBackwardCpu(kind, gate, up, dy);
    expectClose(
      dgate,
      slope(gate, dy, () => gatedActivationCpu(kind, gate, up)),
      1e-9,
    );
    expectClose(
      dup,
      slope(up, dy, () => gatedActivationCpu(kind, gate, up)),
      1e-9,
    );
    expect(() => expectClose(dup, dgate, 1e-9)).toThrow(/worst relative/);
  });
});
