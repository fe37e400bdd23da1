// Puts adapters on a graph that a family builds: what a pass's `Layers` ask at every module.

import type { Graph, Value } from '../gpu/graph.ts';
import { dropout } from '../gpu/kernels/dropout.ts';
import { lowRank } from '../gpu/kernels/low-rank.ts';
import type { Slot } from '../gpu/program.ts';
import { factorWeight } from '../gpu/weight.ts';
import { type Adapt, UNCHANGED } from '../model/layers.ts';
import type { AdapterShape, AdapterTensor } from './adapter-tensors.ts';
import { type FlatAdapter, flatLayout } from './flat-adapter.ts';

export interface DropoutInputs {
  /** Probability that an element of x is dropped in the low-rank branch. */
  readonly p: number;
  /** (4) u32 input: seed, micro-batch, step, and 1 to turn it off. */
  readonly step: Value;
}

/** Trainables for every tensor, in the order of `flatLayout`, before the model is built on the graph. */
export function attachTrainable(g: Graph, shape: AdapterShape, drop?: DropoutInputs): Adapt {
  const tensors = new Map<string, Value>();
  for (const entry of flatLayout(shape).entries) {
    const value = g.trainable(entry.name, entry.shape);
    if (value.offset !== entry.offset)
      throw new Error(`Cannot attach adapter: found ${entry.name} at ${value.offset}, need ${entry.offset}`);
    tensors.set(partName(entry.path, entry.part), value);
  }
  const keys = new Map([...shape.modules.keys()].map((path, i) => [path, i]));
  return {
    ...UNCHANGED,
    linear(call) {
      const { path, x } = call;
      const m = shape.modules.get(path);
      if (m === undefined) return call.run();
      const a = factorWeight(tensors.get(partName(path, 'lora_A'))!);
      const b = factorWeight(tensors.get(partName(path, 'lora_B'))!);
      // Each target of a shared input has its own mask, as in PEFT.
      const hook =
        drop && drop.p > 0
          ? {
              dropout: (graph: Graph, v: Value) =>
                dropout(graph, v, { p: drop.p, key: [keys.get(path)!, 0], step: drop.step }),
            }
          : {};
      return lowRank(g, { a, b, scaling: m.scaling, ...hook }, x, call.run());
    },
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
  const tensors: Map<string, Value>[] = [];
  const attached = adapters.map((adapter, i) => {
    const slots = new Map<string, Slot>();
    const table = new Map<string, Value>();
    for (const entry of flatLayout(adapter.shape).entries) {
      const name = `adapter${i}.${entry.name}`;
      table.set(partName(entry.path, entry.part), g.frozen(name, entry.shape));
      slots.set(name, adapter.slot(entry));
    }
    tensors.push(table);
    return { strength: g.input(`strength.${i}`, [columns]), slots };
  });
  const adapt: Adapt = {
    ...UNCHANGED,
    linear(call) {
      const { path, x } = call;
      let out = call.run();
      for (const [i, adapter] of adapters.entries()) {
        const m = adapter.shape.modules.get(path);
        if (m === undefined) continue;
        const a = factorWeight(tensors[i]!.get(partName(path, 'lora_A'))!);
        const b = factorWeight(tensors[i]!.get(partName(path, 'lora_B'))!);
        out = lowRank(g, { a, b, scaling: m.scaling, columnScale: attached[i]!.strength }, x, out);
      }
      return out;
    },
  };
  return { adapt, attached };
}

function partName(path: string, part: AdapterTensor['part']): string {
  return `${path} ${part}`;
}
