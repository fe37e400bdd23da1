// Puts an adapter on the graph of a training step: its tensors become trainables, and the adapter takes the base's place fully. What a
// pass's `Layers` ask at every module. An adapter that is only used: attach-frozen.ts.

import type { Graph, Value } from '../gpu/graph.ts';
import { addRows } from '../gpu/kernels/add-rows.ts';
import { doraNorm, doraScale } from '../gpu/kernels/dora.ts';
import { type Drop, dropout } from '../gpu/kernels/dropout.ts';
import { lookupColumns } from '../gpu/kernels/lookup-columns.ts';
import { lowRank } from '../gpu/kernels/low-rank.ts';
import { matmul } from '../gpu/kernels/matmul.ts';
import { subtract } from '../gpu/kernels/subtract.ts';
import { tokenLogits, tokenRows } from '../gpu/kernels/token-rows.ts';
import { factorWeight } from '../gpu/weight.ts';
import type { Adapt, EmbeddingCall, LinearCall, ModuleCall } from '../model/layers.ts';
import type { Head } from '../model/model-parts.ts';
import { type AdapterParts, adapterParts, partName } from './adapter-parts.ts';
import type { AdapterShape, ModuleShape } from './adapter-tensors.ts';
import { flatLayout } from './flat-adapter.ts';
import { type Branch, type Branched, branchedLinears } from './low-rank-branches.ts';
import { bottleneckLinear } from './methods/bottleneck.ts';
import { ia3Linear } from './methods/ia3.ts';
import { promptColumns } from './methods/prompt-tuning.ts';

export interface DropoutInputs {
  /** Probability that an element of x is dropped in the low-rank branch. */
  readonly p: number;
  /** (4) u32 input: seed, micro-batch, step, and 1 to turn it off. */
  readonly step: Value;
}

/**
 * Trainables for every tensor, in the order of `flatLayout`, before the model is built on the graph. `TrainedTokens` of the
 * adapter are frozen values named by `tokenListName`.
 */
export function attachTrainable(g: Graph, shape: AdapterShape, head: Head, drop?: DropoutInputs): Adapt {
  const tensors = new Map<string, Value>();
  for (const entry of flatLayout(shape).entries) {
    const value = g.trainable(entry.name, entry.shape);
    if (value.offset !== entry.offset)
      throw new Error(`Cannot attach adapter: found ${entry.name} at ${value.offset}, need ${entry.offset}`);
    tensors.set(partName(entry.path, entry.part), value);
  }
  return new TrainableAdapter(g, shape, head, adapterParts(g, shape, tensors), drop);
}

class TrainableAdapter implements Adapt {
  /** Of a module's dropout masks. */
  private readonly keys: ReadonlyMap<string, number>;
  private headUses = 0;
  private readonly norms = new Map<string, Value>();

  constructor(
    private readonly g: Graph,
    private readonly shape: AdapterShape,
    private readonly head: Head,
    private readonly parts: AdapterParts,
    private readonly drop: DropoutInputs | undefined,
  ) {
    this.keys = new Map([...shape.modules.keys()].map((path, i) => [path, i]));
  }

  linears(calls: readonly LinearCall[]): Value[] {
    const { g, parts, shape } = this;
    const { source } = parts;
    const sums = new Map<LinearCall, Value>();
    const plain: LinearCall[] = [];
    const branched: Branched[] = [];
    for (const call of calls) {
      const m = shape.modules.get(call.path);
      const branch = m && this.branchOf(call, m);
      // DoRA's base reads what its branch reads of x.
      const dropped = m?.magnitude && branch?.drop && dropout(g, call.x, branch.drop);
      const factors = parts.ia3(call.path);
      const bottleneck = parts.bottleneck(call.path);
      if (factors !== undefined) sums.set(call, ia3Linear(g, call, [factors], source));
      else if (bottleneck !== undefined) sums.set(call, bottleneckLinear(g, call, bottleneck, source));
      else if (m && dropped) {
        const [v] = branchedLinears(g, [unscaled(call, branch!, dropped)], { source });
        sums.set(call, this.dora(call, m, v!, dropped));
      } else {
        plain.push(call);
        branched.push(m?.magnitude ? unscaled(call, branch!) : [call, branch]);
      }
    }
    const results = branchedLinears(g, branched, { source });
    for (const [i, call] of plain.entries()) {
      const m = shape.modules.get(call.path);
      sums.set(call, m?.magnitude ? this.dora(call, m, results[i]!) : results[i]!);
    }
    return calls.map((call) => this.finish(call, sums.get(call)!));
  }

  embedding(call: EmbeddingCall): Value {
    const { g, parts } = this;
    const x = call.run(parts.source);
    const prompt = parts.prompt(call.path);
    if (prompt !== undefined) return promptColumns(g, x, call, prompt);
    const rows = parts.tokens(call.path);
    if (rows !== undefined) return tokenRows(g, x, call.ids, rows, call.scale, call.padding);
    const m = this.shape.modules.get(call.path);
    if (m === undefined) return x;
    const { lora_A, lora_B } = parts.of(call.path);
    const u = lookupColumns(g, lora_A!, call.ids, call.padding);
    return matmul(g, factorWeight(lora_B!), u, { into: x, scale: m.scaling * call.scale, label: call.path });
  }

  norm(call: ModuleCall): Value {
    return call.run(this.parts.source);
  }

  private branchOf({ path }: LinearCall, { scaling }: ModuleShape): Branch {
    const { lora_A, lora_B } = this.parts.of(path);
    return { a: lora_A!, b: lora_B!, scaling, drop: this.dropOf(path) };
  }

  private dropOf(path: string): Drop | undefined {
    const { drop } = this;
    if (drop === undefined || drop.p === 0) return undefined;
    // Each target of a shared input has its own mask, as in PEFT; a head's several products have one each too.
    const use = path === this.head.path ? this.headUses++ : 0;
    return { p: drop.p, key: [this.keys.get(path)!, use], step: drop.step };
  }

  /** The result of a linear with v = W·x + s·B·A·x. */
  private dora(call: LinearCall, m: ModuleShape, v: Value, dropped?: Value): Value {
    const { g, parts } = this;
    const { path, x, addend } = call;
    const n = this.normOf(call, m);
    const weight = call.weight(parts.source);
    const bias = call.bias(parts.source);
    // What dropout takes from the adapted branch stays in the base's: W·(x - drop(x)).
    const kept = dropped && subtract(g, x, dropped);
    const rest = kept ? matmul(g, weight, kept, { label: path, ...(addend && { addend }) }) : addend;
    const { magnitude } = parts.of(path);
    return doraScale(g, v, magnitude!, n, { label: path, ...(rest && { addend: rest }), ...(bias && { bias }) });
  }

  /** Lengths of a step's weights, measured once a pass: a head's several products share them. */
  private normOf(call: LinearCall, m: ModuleShape): Value {
    const { g, parts } = this;
    let n = this.norms.get(call.path);
    if (n === undefined) {
      const { onlyIf } = g;
      g.onlyIf = undefined;
      const { lora_A: a, lora_B: b } = parts.of(call.path);
      n = doraNorm(g, call.weight(parts.source), a!, b!, m.scaling);
      g.onlyIf = onlyIf;
      this.norms.set(call.path, n);
    }
    return n;
  }

  /** What an adapter has beside A and B at a linear, and at the head's rows of trained tokens. */
  private finish(call: LinearCall, sum: Value): Value {
    const { g, parts, head } = this;
    const { path, x } = call;
    const m = this.shape.modules.get(path);
    const { start, lora_bias, magnitude } = parts.of(path);
    let y = sum;
    if (m !== undefined && magnitude === undefined) {
      if (start) y = lowRank(g, { ...start, scaling: -m.scaling }, x, y);
      if (lora_bias) y = addRows(g, y, lora_bias, m.scaling);
    }
    const rows = path === head.path && head.isTied ? parts.tokens(head.matrix) : undefined;
    return rows === undefined ? y : tokenLogits(g, y, x, rows);
  }
}

/** W·x + s·B·A·x, which DoRA scales before anything is added; with dropout both products read what is left of x. */
function unscaled({ x, label, weight }: LinearCall, { drop: _, ...branch }: Branch, dropped = x): Branched {
  return [{ x: dropped, label, weight, addend: undefined, bias: () => undefined }, branch];
}
