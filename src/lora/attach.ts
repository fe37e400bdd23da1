// Puts adapters on a graph that a family builds: what a pass's `Layers` ask at every module. Training makes the adapter's
// tensors trainables and lets it take the base's place fully; in use, several adapters sit side by side and each token takes
// part in each with a strength of its own, 0 to leave the base alone, 1 for the adapter as trained.

import { type Graph, stackMatrices, type Value } from '../gpu/graph.ts';
import { addRows } from '../gpu/kernels/add-rows.ts';
import { blendColumns } from '../gpu/kernels/blend-columns.ts';
import { doraNorm, doraScale, doraStrength } from '../gpu/kernels/dora.ts';
import { dropout } from '../gpu/kernels/dropout.ts';
import { type ColumnChoice, gatherInput } from '../gpu/kernels/gather-columns.ts';
import { lookupColumns } from '../gpu/kernels/lookup-columns.ts';
import { lowRank } from '../gpu/kernels/low-rank.ts';
import { matmul } from '../gpu/kernels/matmul.ts';
import { scaleColumns } from '../gpu/kernels/scale-columns.ts';
import { subtract } from '../gpu/kernels/subtract.ts';
import { tokenLogits, tokenRows } from '../gpu/kernels/token-rows.ts';
import type { Slot } from '../gpu/program.ts';
import { factorWeight } from '../gpu/weight.ts';
import type { Adapt, EmbeddingCall, LinearCall, ModuleCall, ParameterSource } from '../model/layers.ts';
import type { Head } from '../model/model-parts.ts';
import type { AdapterShape, AdapterTensor, ModuleShape } from './adapter-tensors.ts';
import {
  type FlatAdapter,
  type FlatEntry,
  flatLayout,
  normName,
  normsOf,
  promptListName,
  startName,
  tokenListName,
} from './flat-adapter.ts';
import { addBranch, type Branch, type Branched, branchedLinears, fitsWithin } from './low-rank-branches.ts';
import { addBottleneck, type BottleneckPart, type BottleneckValues, bottleneckLinear } from './methods/bottleneck.ts';
import { type Ia3Part, ia3Linear } from './methods/ia3.ts';
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
  const parts = partsOf(g, shape, tensors, '');
  const keys = new Map([...shape.modules.keys()].map((path, i) => [path, i]));
  const norms = new Map<string, Value>();
  /** Lengths of a step's weights, measured once a pass: a head's several products share them. */
  const normOf = (call: LinearCall, m: ModuleShape): Value => {
    let n = norms.get(call.path);
    if (n === undefined) {
      const { onlyIf } = g;
      g.onlyIf = undefined;
      const { lora_A: a, lora_B: b } = parts.of(call.path);
      n = doraNorm(g, call.weight(parts.source), a!, b!, m.scaling);
      g.onlyIf = onlyIf;
      norms.set(call.path, n);
    }
    return n;
  };
  let uses = 0;
  const dropped = (path: string, x: Value): Value => {
    if (drop === undefined || drop.p === 0) return x;
    // Each target of a shared input has its own mask, as in PEFT; a head's several products have one each too.
    const use = path === head.path ? uses++ : 0;
    return dropout(g, x, { p: drop.p, key: [keys.get(path)!, use], step: drop.step });
  };

  const branchOf = ({ path, x }: LinearCall): Branch | undefined => {
    const m = shape.modules.get(path);
    if (m === undefined) return undefined;
    const { lora_A, lora_B } = parts.of(path);
    const input = dropped(path, x);
    return { a: lora_A!, b: lora_B!, scaling: m.scaling, dropped: input === x ? undefined : input };
  };
  const dora = (call: LinearCall, m: ModuleShape, branch: Branch): Value => {
    const { path, x, addend } = call;
    const n = normOf(call, m);
    const weight = call.weight(parts.source);
    const bias = call.bias(parts.source);
    const xd = branch.dropped ?? x;
    // What dropout takes from the adapted branch stays in the base's: W·(x - drop(x)).
    const rest = xd === x ? addend : matmul(g, weight, subtract(g, x, xd), { label: path, ...(addend && { addend }) });
    const v = addBranch(g, branch, x, matmul(g, weight, xd, { label: path }));
    const { magnitude } = parts.of(path);
    return doraScale(g, v, magnitude!, n, { label: path, ...(rest && { addend: rest }), ...(bias && { bias }) });
  };
  /** What an adapter has beside A and B at a linear, and at the head's rows of trained tokens. */
  const finish = (call: LinearCall, sum: Value): Value => {
    const { path, x } = call;
    const m = shape.modules.get(path);
    const { start, lora_bias, magnitude } = parts.of(path);
    let y = sum;
    if (m !== undefined && magnitude === undefined) {
      if (start) y = lowRank(g, { ...start, scaling: -m.scaling }, x, y);
      if (lora_bias) y = addRows(g, y, lora_bias, m.scaling);
    }
    const rows = path === head.path && head.isTied ? parts.tokens(head.matrix) : undefined;
    return rows === undefined ? y : tokenLogits(g, y, x, rows);
  };

  return {
    linears(calls) {
      const sums = new Map<LinearCall, Value>();
      const plain: Branched[] = [];
      for (const call of calls) {
        const m = shape.modules.get(call.path);
        const branch = branchOf(call);
        const factors = parts.ia3(call.path);
        const bottleneck = parts.bottleneck(call.path);
        if (factors !== undefined) sums.set(call, ia3Linear(g, call, [factors], parts.source));
        else if (bottleneck !== undefined) sums.set(call, bottleneckLinear(g, call, bottleneck, parts.source));
        else if (m === undefined || branch === undefined) sums.set(call, call.run(parts.source));
        else if (m.magnitude) sums.set(call, dora(call, m, branch));
        else plain.push([call, branch]);
      }
      const stacked = (branches: readonly Branch[]) => g.stacked(branches.map(({ a }) => a));
      const results = branchedLinears(g, plain, { stacked, source: parts.source });
      for (const [i, [call]] of plain.entries()) sums.set(call, results[i]!);
      return calls.map((call) => finish(call, sums.get(call)!));
    },
    embedding(call) {
      const x = call.run(parts.source);
      const prompt = parts.prompt(call.path);
      if (prompt !== undefined) return promptColumns(g, x, call, prompt);
      const rows = parts.tokens(call.path);
      if (rows !== undefined) return tokenRows(g, x, call.ids, rows, call.scale);
      const m = shape.modules.get(call.path);
      if (m === undefined) return x;
      const { lora_A, lora_B } = parts.of(call.path);
      const u = lookupColumns(g, lora_A!, call.ids);
      return matmul(g, factorWeight(lora_B!), u, { into: x, scale: m.scaling * call.scale, label: call.path });
    },
    norm: (call) => call.run(parts.source),
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
  adapters: readonly Pick<FlatAdapter, 'shape' | 'extra' | 'slot'>[],
  columns: number,
  head: Head,
): { adapt: Adapt; attached: readonly AttachedAdapter[] } {
  const used = adapters.map((adapter, i) => {
    const { shape } = adapter;
    const prefix = `adapter${i}.`;
    const slots = new Map<string, Slot>();
    const tensors = new Map<string, Value>();
    const entries = new Map<Value, FlatEntry>();
    for (const entry of flatLayout(shape).entries) {
      const name = `${prefix}${entry.name}`;
      const value = g.frozen(name, entry.shape);
      tensors.set(partName(entry.path, entry.part), value);
      entries.set(value, entry);
      slots.set(name, adapter.slot(entry));
    }
    const stacked = (branches: readonly Branch[]): Value | undefined => {
      const matrix = stackMatrices(branches.map(({ a }) => entries.get(a)!));
      if (matrix === undefined) return undefined;
      const name = `${prefix}${matrix.name} …`;
      slots.set(name, adapter.slot(matrix));
      return g.frozen(name, matrix.shape);
    };
    for (const [name, slot] of adapter.extra) slots.set(`${prefix}${name}`, slot);
    const strength = g.input(`strength.${i}`, [columns]);
    const norms = new Map(normsOf(shape).map(([path, O]) => [path, g.frozen(`${prefix}${normName(path)}`, [O])]));
    const parts = partsOf(g, shape, tensors, prefix, strength);
    /** Plain LoRA at a module. */
    const branchOf = (path: string): Branch | undefined => {
      const m = shape.modules.get(path);
      const { lora_A, lora_B, magnitude } = parts.of(path);
      return m && !magnitude ? { a: lora_A!, b: lora_B!, scaling: m.scaling } : undefined;
    };
    return { shape, slots, strength, norms, parts, branchOf, stacked };
  });

  /** The strengths of the columns that a call is about. */
  const strengthAt = ({ strength }: { readonly strength: Value }, at?: ColumnChoice): Value =>
    at ? gatherInput(g, strength, at) : strength;
  /** The module's result in the base and, by strength, in each adapter that keeps parameters of its own for it. */
  const blended = (call: ModuleCall, at?: ColumnChoice, base = call.run()): Value => {
    let y = base;
    for (const adapter of used)
      if (adapter.parts.hasSaved(call.path))
        y = blendColumns(g, y, call.run(adapter.parts.source), strengthAt(adapter, at));
    return y;
  };

  /** The base's results with the branches of the first adapter, where nothing else has to come between the two. */
  const first = (calls: readonly LinearCall[]): ReadonlyMap<LinearCall, Value> => {
    const [adapter] = used;
    if (adapter === undefined) return new Map();
    const plain = calls.flatMap((call): Branched[] => {
      const branch = adapter.branchOf(call.path);
      const isChanged = used.some(({ parts }) => parts.hasSaved(call.path) || parts.ia3(call.path) !== undefined);
      return branch === undefined || isChanged || !fitsWithin(g, call.weight(), branch) ? [] : [[call, branch]];
    });
    const strength = strengthAt(adapter, calls[0]!.at);
    const results = branchedLinears(g, plain, { stacked: adapter.stacked, strength });
    return new Map(plain.map(([call], i) => [call, results[i]!]));
  };
  const rest = (call: LinearCall, sum: Value | undefined): Value => {
    const { path, x } = call;
    const factors = used.flatMap((adapter): Ia3Part[] => {
      const part = adapter.parts.ia3(path);
      return part ? [{ ...part, strength: strengthAt(adapter, call.at) }] : [];
    });
    let y = sum ?? blended(call, call.at, factors.length > 0 ? ia3Linear(g, call, factors) : undefined);
    let w: Value | undefined;
    for (const [i, adapter] of used.entries()) {
      const { shape, parts, norms } = adapter;
      const m = shape.modules.get(path);
      if (m === undefined) continue;
      const strength = strengthAt(adapter, call.at);
      const { lora_A, lora_B, magnitude, lora_bias, start } = parts.of(path);
      if (magnitude === undefined) {
        if (start) y = lowRank(g, { ...start, scaling: -m.scaling, strength }, x, y);
        if (i > 0 || sum === undefined) y = addBranch(g, adapter.branchOf(path)!, x, y, strength);
        if (lora_bias !== undefined) y = addRows(g, y, lora_bias, m.scaling, strength);
        continue;
      }
      const [a, b] = [factorWeight(lora_A!), factorWeight(lora_B!)];
      w ??= matmul(g, call.weight(), x, { label: path });
      const l = matmul(g, b, matmul(g, a, x, { label: a.name }), { scale: m.scaling, label: b.name });
      y = doraStrength(g, y, { w, l, m: magnitude, n: norms.get(path)!, strength });
    }
    for (const adapter of used) {
      const bottleneck = adapter.parts.bottleneck(path);
      if (bottleneck !== undefined) y = addBottleneck(g, call, y, bottleneck, strengthAt(adapter, call.at));
    }
    return y;
  };

  const adapt: Adapt = {
    linears(calls) {
      const sums = first(calls);
      return calls.map((call) => {
        let y = rest(call, sums.get(call));
        if (call.path !== head.path || !head.isTied) return y;
        for (const adapter of used) {
          const rows = adapter.parts.tokens(head.matrix);
          if (rows === undefined) continue;
          y = tokenLogits(g, y, call.x, { ...rows, strength: strengthAt(adapter, call.at) });
        }
        return y;
      });
    },
    embedding(call: EmbeddingCall) {
      let x = blended(call);
      for (const { shape, parts, strength } of used) {
        const prompt = parts.prompt(call.path);
        if (prompt !== undefined) x = promptColumns(g, x, call, prompt);
        const rows = parts.tokens(call.path);
        if (rows !== undefined) x = tokenRows(g, x, call.ids, rows, call.scale);
        const m = shape.modules.get(call.path);
        if (m === undefined) continue;
        const { lora_A, lora_B } = parts.of(call.path);
        const u = scaleColumns(g, lookupColumns(g, lora_A!, call.ids), strength);
        x = matmul(g, factorWeight(lora_B!), u, { into: x, scale: m.scaling * call.scale, label: call.path });
      }
      return x;
    },
    norm: (call) => blended(call),
  };
  return { adapt, attached: used };
}

/** An adapter's tensors on a graph, by the module that they belong to. */
function partsOf(g: Graph, shape: AdapterShape, tensors: ReadonlyMap<string, Value>, prefix: string, strength?: Value) {
  const saved = (name: string) => tensors.get(partName(name, 'saved'));
  const lists = new Map(
    [...(shape.tokens ?? [])].map(([path, { ids }]) => [
      path,
      g.frozen(`${prefix}${tokenListName(path)}`, [ids.length], 'u32'),
    ]),
  );
  const { prompt } = shape;
  const virtual = prompt && {
    rows: tensors.get(partName(prompt.path, 'prompt'))!,
    tokens: g.frozen(`${prefix}${promptListName}`, [prompt.count], 'u32'),
    strength,
  };
  const starts = new Map(
    [...shape.modules].flatMap(([path, m]) => {
      const of = (which: 'a' | 'b', sizes: readonly [number, number]) =>
        factorWeight(g.frozen(`${prefix}${startName(path, which)}`, sizes));
      return m.start ? [[path, { a: of('a', [m.r, m.inFeatures]), b: of('b', [m.outFeatures, m.r]) }] as const] : [];
    }),
  );
  const modulesOfSaved = new Set([...(shape.saved?.keys() ?? [])].map((name) => name.slice(0, name.lastIndexOf('.'))));
  const source: ParameterSource = {
    matrix: ({ name }) => {
      const value = saved(name);
      return value && factorWeight(value);
    },
    vector: ({ name }) => saved(name),
  };
  return {
    source,
    hasSaved: (path: string) => modulesOfSaved.has(path),
    of: (path: string) => ({
      lora_A: tensors.get(partName(path, 'lora_A')),
      lora_B: tensors.get(partName(path, 'lora_B')),
      magnitude: tensors.get(partName(path, 'magnitude')),
      lora_bias: tensors.get(partName(path, 'lora_bias')),
      start: starts.get(path),
    }),
    ia3: (path: string): Ia3Part | undefined => {
      const found = shape.ia3?.get(path);
      return found && { isFeedforward: found.isFeedforward, l: tensors.get(partName(path, 'ia3'))! };
    },
    bottleneck: (path: string): BottleneckValues | undefined => {
      const found = shape.bottlenecks?.get(path);
      return found && { shape: found, of: (part: BottleneckPart) => tensors.get(partName(path, part))! };
    },
    prompt: (path: string) => (path === prompt?.path ? virtual : undefined),
    tokens: (path: string) => {
      const tokens = lists.get(path);
      return tokens && { rows: tensors.get(partName(path, 'tokens'))!, tokens, strength };
    },
  };
}

function partName(path: string, part: AdapterTensor['part']): string {
  return `${path} ${part}`;
}
