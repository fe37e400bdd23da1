// Puts adapters on a graph that a family builds: the hook that `Layers.linear` calls after every frozen product.

import type { Graph, Value } from '../gpu/graph.ts';
import { dropout } from '../gpu/kernels/dropout.ts';
import { lowRank } from '../gpu/kernels/low-rank.ts';
import type { Slot } from '../gpu/program.ts';
import { factorWeight, type Weight } from '../gpu/weight.ts';
import type { Adapt } from '../model/layers.ts';
import { type AdapterShape, type FlatAdapter, flatLayout } from './flat-adapter.ts';

export interface DropoutInputs {
  /** Probability that an element of x is dropped in the low-rank branch. */
  readonly p: number;
  /** (4) u32 input: seed, micro-batch, step, and 1 to turn it off. */
  readonly step: Value;
}

/** Trainable A and B for every module, in the order of `flatLayout`, before the model is built on the graph. */
export function attachTrainable(g: Graph, modules: AdapterShape, drop?: DropoutInputs): Adapt {
  const { entries } = flatLayout(modules);
  const factors = new Map<string, Weight>();
  for (const { path, factor, shape, offset } of entries) {
    const value = g.trainable(`${path}.${factor}`, shape);
    if (value.offset !== offset)
      throw new Error(`Cannot attach adapter: found ${path}.${factor} at ${value.offset}, need ${offset}`);
    factors.set(`${path}.${factor}`, factorWeight(value));
  }
  const keys = new Map([...modules.keys()].map((path, i) => [path, i]));
  return (path, x, y) => {
    const m = modules.get(path);
    if (m === undefined) return y;
    const a = factors.get(`${path}.lora_A`)!;
    const b = factors.get(`${path}.lora_B`)!;
    // Each target of a shared input has its own mask, as in PEFT.
    const hook =
      drop && drop.p > 0
        ? {
            dropout: (graph: Graph, v: Value) =>
              dropout(graph, v, { p: drop.p, key: [keys.get(path)!, 0], step: drop.step }),
          }
        : {};
    return lowRank(g, { a, b, scaling: m.scaling, ...hook }, x, y);
  };
}

/** An adapter that is only used: its strength per column (T) f32 is an input; 0 leaves the base alone. */
export interface AttachedAdapter {
  readonly strength: Value;
  readonly slots: ReadonlyMap<string, Slot>;
}

/** Several adapters on one base; each column of the batch takes part in each with its own strength. */
export function attachFrozen(
  g: Graph,
  adapters: readonly FlatAdapter[],
  columns: number,
): { adapt: Adapt; attached: readonly AttachedAdapter[] } {
  const weights: Map<string, Weight>[] = [];
  const attached = adapters.map((adapter, i) => {
    const slots = new Map<string, Slot>();
    const table = new Map<string, Weight>();
    for (const entry of flatLayout(adapter.modules).entries) {
      const name = `adapter${i}.${entry.path}.${entry.factor}`;
      table.set(`${entry.path}.${entry.factor}`, factorWeight(g.frozen(name, entry.shape)));
      slots.set(name, adapter.slot(entry));
    }
    weights.push(table);
    return { strength: g.input(`strength.${i}`, [columns]), slots };
  });
  const adapt: Adapt = (path, x, y) => {
    let out = y;
    for (const [i, adapter] of adapters.entries()) {
      const m = adapter.modules.get(path);
      if (m === undefined) continue;
      const a = weights[i]!.get(`${path}.lora_A`)!;
      const b = weights[i]!.get(`${path}.lora_B`)!;
      out = lowRank(g, { a, b, scaling: m.scaling, columnScale: attached[i]!.strength }, x, out);
    }
    return out;
  };
  return { adapt, attached };
}
