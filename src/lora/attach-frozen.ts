// Puts adapters that are only used on a graph, side by side: each column of the batch takes part in each with a strength of its
// own, 0 to leave the base alone, 1 for the adapter as trained. An adapter that is trained: attach-trainable.ts.

import type { Graph, Value } from '../gpu/graph.ts';
import { addRows } from '../gpu/kernels/add-rows.ts';
import { blendColumns } from '../gpu/kernels/blend-columns.ts';
import { doraStrength } from '../gpu/kernels/dora.ts';
import { type ColumnChoice, gatherInput } from '../gpu/kernels/gather-columns.ts';
import { lookupColumns } from '../gpu/kernels/lookup-columns.ts';
import { lowRank } from '../gpu/kernels/low-rank.ts';
import { matmul } from '../gpu/kernels/matmul.ts';
import { scaleColumns } from '../gpu/kernels/scale-columns.ts';
import { tokenLogits, tokenRows } from '../gpu/kernels/token-rows.ts';
import type { Slot } from '../gpu/program.ts';
import { factorWeight } from '../gpu/weight.ts';
import type { Adapt, EmbeddingCall, LinearCall, ModuleCall } from '../model/layers.ts';
import type { Head } from '../model/model-parts.ts';
import { type AdapterParts, adapterParts, partName } from './adapter-parts.ts';
import type { AdapterShape } from './adapter-tensors.ts';
import { type FlatAdapter, flatLayout, normName, normsOf } from './flat-adapter.ts';
import { addBranch, type Branch, type Branched, branchedLinears } from './low-rank-branches.ts';
import { addBottleneck } from './methods/bottleneck.ts';
import { type Ia3Part, ia3Linear } from './methods/ia3.ts';
import { promptColumns } from './methods/prompt-tuning.ts';

type OnDevice = Pick<FlatAdapter, 'shape' | 'extra' | 'params'>;

/** An adapter that is only used: its strength per column (T) f32 is an input; 0 leaves the base alone. */
export interface AttachedAdapter {
  readonly strength: Value;
  readonly slots: ReadonlyMap<string, Slot>;
}

/** Several adapters on one base; each column of the batch takes part in each with its own strength. */
export function attachFrozen(
  g: Graph,
  adapters: readonly OnDevice[],
  columns: number,
  head: Head,
): { adapt: Adapt; attached: readonly AttachedAdapter[] } {
  const attached = adapters.map((adapter, i) => new FrozenAdapter(g, adapter, i, columns));
  return { adapt: new FrozenAdapters(g, attached, head), attached };
}

/** One adapter's tensors on the graph, and where they lie on the device. */
class FrozenAdapter implements AttachedAdapter {
  readonly shape: AdapterShape;
  readonly slots = new Map<string, Slot>();
  readonly strength: Value;
  readonly parts: AdapterParts;
  /** DoRA's lengths of the merged weights, by path. */
  private readonly norms: ReadonlyMap<string, Value>;

  constructor(
    private readonly g: Graph,
    { shape, params, extra }: OnDevice,
    index: number,
    columns: number,
  ) {
    this.shape = shape;
    const prefix = `adapter${index}.`;
    const { entries, length } = flatLayout(shape);
    const flat = g.frozen(`${prefix}flat`, [length]);
    this.slots.set(flat.name, { buffer: params, offset: 0, size: 4 * length });
    const tensors = new Map<string, Value>();
    for (const { name, path, part, shape: sizes, offset } of entries)
      tensors.set(partName(path, part), g.part(flat, `${prefix}${name}`, sizes, offset));
    for (const [name, slot] of extra) this.slots.set(`${prefix}${name}`, slot);
    this.strength = g.input(`strength.${index}`, [columns]);
    this.norms = new Map(normsOf(shape).map(([path, O]) => [path, g.frozen(`${prefix}${normName(path)}`, [O])]));
    this.parts = adapterParts(g, shape, tensors, { prefix, strength: this.strength });
  }

  /** The strengths of the columns that a call is about. */
  strengthAt(at?: ColumnChoice): Value {
    return at ? gatherInput(this.g, this.strength, at) : this.strength;
  }

  /** Plain LoRA at a module. */
  branchOf(path: string): Branch | undefined {
    const m = this.shape.modules.get(path);
    const { lora_A, lora_B, magnitude } = this.parts.of(path);
    return m && !magnitude ? { a: lora_A!, b: lora_B!, scaling: m.scaling } : undefined;
  }

  /**
   * What it adds to a linear's result y. `hasBranch`: y has its s·B·A·x already. `product`: the base's W·x without bias and
   * residual, one for all adapters.
   */
  addTo(call: LinearCall, y: Value, hasBranch: boolean, product: () => Value): Value {
    const { path, x } = call;
    const m = this.shape.modules.get(path);
    if (m === undefined) return y;
    const { g } = this;
    const strength = this.strengthAt(call.at);
    const { lora_A, lora_B, magnitude, lora_bias, start } = this.parts.of(path);
    let sum = y;
    if (magnitude === undefined) {
      if (start) sum = lowRank(g, { ...start, scaling: -m.scaling, strength }, x, sum);
      if (!hasBranch) sum = addBranch(g, this.branchOf(path)!, x, sum, strength);
      return lora_bias === undefined ? sum : addRows(g, sum, lora_bias, m.scaling, strength);
    }
    const [a, b] = [factorWeight(lora_A!), factorWeight(lora_B!)];
    const w = product();
    const l = matmul(g, b, matmul(g, a, x, { label: a.name }), { scale: m.scaling, label: b.name });
    return doraStrength(g, sum, { w, l, m: magnitude, n: this.norms.get(path)!, strength });
  }

  /** What it makes of the embeddings x. */
  embed(call: EmbeddingCall, x: Value): Value {
    const { g, parts } = this;
    let y = x;
    const prompt = parts.prompt(call.path);
    if (prompt !== undefined) y = promptColumns(g, y, call, prompt);
    const rows = parts.tokens(call.path);
    if (rows !== undefined) y = tokenRows(g, y, call.ids, rows, call.scale);
    const m = this.shape.modules.get(call.path);
    if (m === undefined) return y;
    const { lora_A, lora_B } = parts.of(call.path);
    const u = scaleColumns(g, lookupColumns(g, lora_A!, call.ids), this.strength);
    return matmul(g, factorWeight(lora_B!), u, { into: y, scale: m.scaling * call.scale, label: call.path });
  }
}

class FrozenAdapters implements Adapt {
  constructor(
    private readonly g: Graph,
    private readonly adapters: readonly FrozenAdapter[],
    private readonly head: Head,
  ) {}

  linears(calls: readonly LinearCall[]): Value[] {
    const sums = this.withFirst(calls);
    return calls.map((call) => this.withTokens(call, this.linear(call, sums.get(call))));
  }

  embedding(call: EmbeddingCall): Value {
    return this.adapters.reduce((x, adapter) => adapter.embed(call, x), this.blended(call));
  }

  norm(call: ModuleCall): Value {
    return this.blended(call);
  }

  /** The base's results with the branches of the first adapter, where nothing else has to come between the two. */
  private withFirst(calls: readonly LinearCall[]): ReadonlyMap<LinearCall, Value> {
    const { g, adapters } = this;
    const [first] = adapters;
    const plain = calls.filter(
      ({ path }) => !adapters.some(({ parts }) => parts.hasSaved(path) || parts.ia3(path) !== undefined),
    );
    const branched = plain.map((call): Branched => [call, first?.branchOf(call.path)]);
    const strength = branched.some(([, branch]) => branch) ? first!.strengthAt(calls[0]!.at) : undefined;
    const results = branchedLinears(g, branched, { strength });
    return new Map(plain.map((call, i) => [call, results[i]!]));
  }

  /** `sum`: the base's result with the first adapter's branch, where `withFirst` has made it. */
  private linear(call: LinearCall, sum: Value | undefined): Value {
    const { g, adapters } = this;
    const { path, x, at } = call;
    const factors = adapters.flatMap((adapter): Ia3Part[] => {
      const part = adapter.parts.ia3(path);
      return part ? [{ ...part, strength: adapter.strengthAt(at) }] : [];
    });
    let y = sum ?? this.blended(call, at, factors.length > 0 ? ia3Linear(g, call, factors) : undefined);
    let w: Value | undefined;
    const product = () => {
      w ??= matmul(g, call.weight(), x, { label: path });
      return w;
    };
    for (const [i, adapter] of adapters.entries()) y = adapter.addTo(call, y, i === 0 && sum !== undefined, product);
    for (const adapter of adapters) {
      const bottleneck = adapter.parts.bottleneck(path);
      if (bottleneck !== undefined) y = addBottleneck(g, call, y, bottleneck, adapter.strengthAt(at));
    }
    return y;
  }

  /** A tied head's logits of the tokens that adapters have rows of their own for. */
  private withTokens(call: LinearCall, logits: Value): Value {
    const { g, head } = this;
    if (call.path !== head.path || !head.isTied) return logits;
    let y = logits;
    for (const adapter of this.adapters) {
      const rows = adapter.parts.tokens(head.matrix);
      if (rows !== undefined) y = tokenLogits(g, y, call.x, { ...rows, strength: adapter.strengthAt(call.at) });
    }
    return y;
  }

  /** The module's result in the base and, by strength, in each adapter that keeps parameters of its own for it. */
  private blended(call: ModuleCall, at?: ColumnChoice, base = call.run()): Value {
    let y = base;
    for (const adapter of this.adapters)
      if (adapter.parts.hasSaved(call.path))
        y = blendColumns(this.g, y, call.run(adapter.parts.source), adapter.strengthAt(at));
    return y;
  }
}
