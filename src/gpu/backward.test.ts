import { describe, expect, it } from 'vitest';
import { differentiate } from './backward.ts';
import { elements, Graph, type Value } from './graph.ts';
import { activationBackwardCpu, activationCpu } from './kernels/activation.cpu.ts';
import { activation } from './kernels/activation.ts';
import { add } from './kernels/add.ts';
import { lowRank } from './kernels/low-rank.ts';
import { matmul } from './kernels/matmul.ts';
import { openDevice } from './testing/open-device.ts';
import { expectClose, gradientsOf, noise, runCase, variable } from './testing/run-kernel.ts';
import { factorWeight } from './weight.ts';

const [C, T] = [7, 36];
const copies = ({ ops }: Graph) => ops.filter(({ shader }) => shader.file === 'copy-rows').length;

describe('differentiate()', () => {
  it('adds to a gradient that two values share without changing the one still to be used', async () => {
    const g = new Graph((await openDevice()).traits);
    const [a, b] = [variable(g, 'a', [C, T]), variable(g, 'b', [C, T])];
    const residual = activation(g, a, 'silu');
    const h = activation(g, b, 'silu');
    // y = gelu(h) + h + residual: dy is the gradient of the residual, and of h until gelu's is added.
    const y = add(g, add(g, activation(g, h, 'gelu'), h), residual);
    const [dy, da, db] = gradientsOf(g, y, a, b);
    expect(copies(g)).toBe(1);
    const [av, bv, dv] = [noise(C * T, 1), noise(C * T, 2), noise(C * T, 3)];
    const data = new Map<Value, Float32Array>([
      [a, av],
      [b, bv],
      [dy, dv],
    ]);
    const [daOut, dbOut] = await runCase({ graph: g, data, results: [da!, db!] });
    const throughGelu = activationBackwardCpu('gelu', activationCpu('silu', bv), dv);
    const dh = throughGelu.map((value, i) => value + dv[i]!);
    // As for the activations; sums of two of them.
    const tolerance = 64 * 2 ** -24;
    expectClose(daOut!, activationBackwardCpu('silu', av, dv), tolerance, T);
    expectClose(dbOut!, activationBackwardCpu('silu', bv, dh), tolerance, T);
  });

  it('copies no gradient round an ordinary residual', async () => {
    const g = new Graph((await openDevice()).traits);
    const x = variable(g, 'x', [C, T]);
    const stream = activation(g, x, 'silu');
    const y = add(g, activation(g, activation(g, stream, 'gelu'), 'silu'), stream);
    gradientsOf(g, y, x);
    expect(copies(g)).toBe(0);
  });

  it('keeps what was added in place to a product that is kept when its block is made again', async () => {
    const { traits } = await openDevice();
    /** A sixteenth of what it reads comes out: worth keeping. What a LoRA adds lies in the same memory. */
    const [O, I, R] = [4, 64, 2];
    const gradient = async (checkpointing: 'none' | 'block') => {
      const g = new Graph(traits);
      const x = variable(g, 'x', [I, T]);
      const [w, a, b] = [g.input('w', [O, I]), g.input('a', [R, I]), g.input('b', [O, R])];
      g.block = 0;
      const y = matmul(g, factorWeight(w), x);
      const h = activation(g, lowRank(g, { a: factorWeight(a), b: factorWeight(b), scaling: 2 }, x, y), 'silu');
      g.block = 1;
      const z = activation(g, h, 'gelu');
      g.block = undefined;
      const dz = g.input('dz', [O, T]);
      const dx = differentiate(g, new Map([[z, dz]]), checkpointing).get(x)!;
      const data = new Map([x, w, a, b, dz].map((value, i) => [value, noise(elements(value.shape), i + 1)]));
      return (await runCase({ graph: g, data, results: [dx] }))[0];
    };
    expect(await gradient('block')).toEqual(await gradient('none'));
  });
});
