// The layers that families are written with. A family calls them by Hugging Face module paths and says what comes out;
// this file knows where the weights, the adapter and the KV cache come in, so that one description of a forward pass
// serves training, scoring and generation, and tells which tensors and linears the model has (model-parts.ts).

import type { Graph, Value } from '../gpu/graph.ts';
import { type Activation, activation } from '../gpu/kernels/activation.ts';
import { add } from '../gpu/kernels/add.ts';
import { attention } from '../gpu/kernels/attention.ts';
import { attentionCached } from '../gpu/kernels/attention-cached.ts';
import { embedding } from '../gpu/kernels/embedding.ts';
import { gatedActivation } from '../gpu/kernels/gated-activation.ts';
import type { ColumnChoice } from '../gpu/kernels/gather-columns.ts';
import { layerNorm } from '../gpu/kernels/layer-norm.ts';
import { type LowRankLinear, lowRankLinears } from '../gpu/kernels/low-rank-linears.ts';
import { matmul } from '../gpu/kernels/matmul.ts';
import { rmsNorm } from '../gpu/kernels/rms-norm.ts';
import { rope } from '../gpu/kernels/rope.ts';
import { splitRows } from '../gpu/kernels/split-rows.ts';
import { adjoinedName, adjoinedWeights, canAdjoin, frozenWeight, type Storage, type Weight } from '../gpu/weight.ts';
import type { ModelConfig } from './config.ts';
import type { ModelInputs } from './model-inputs.ts';
import type { WeightSpec } from './prepare-weights.ts';

/** Supplies parameters in place of the base's own; undefined keeps the base's. */
export interface ParameterSource {
  matrix(spec: WeightSpec): Weight | undefined;
  vector(spec: WeightSpec): Value | undefined;
}

/** A module of the base at the point where the forward pass reaches it. */
export interface ModuleCall {
  readonly kind: 'linear' | 'embedding' | 'norm';
  /** Hugging Face's module path. */
  readonly path: string;
  /** The module's result, with the parameters of `source` in place of its own. */
  run(source?: ParameterSource): Value;
}

/** y (O,T) = W·x (+ bias) (+ addend). */
export interface LinearCall extends ModuleCall {
  readonly kind: 'linear';
  readonly x: Value;
  readonly addend: Value | undefined;
  /** The name of its result on the graph. */
  readonly label: string;
  /** For a head whose x holds chosen columns of the hidden states: which ones. */
  readonly at: ColumnChoice | undefined;
  weight(source?: ParameterSource): Weight;
  bias(source?: ParameterSource): Value | undefined;
  /** The same product with another x, and with another residual or none. */
  product(x: Value, addend: Value | undefined, source?: ParameterSource): Value;
}

/** x (C,T) = scale·W[ids]. */
export interface EmbeddingCall extends ModuleCall {
  readonly kind: 'embedding';
  readonly ids: Value;
  readonly scale: number;
  /** An id whose row gets no gradient: transformers gives nn.Embedding its padding_idx in most families. */
  readonly padding: number | undefined;
}

/** How an adapter changes the modules that it sits on. Each method returns the module's result: `call.run()` where it does not sit. */
export interface Adapt {
  /** Linears that read the same x. */
  linears(calls: readonly LinearCall[]): Value[];
  embedding(call: EmbeddingCall): Value;
  norm(call: ModuleCall): Value;
}

/** The base alone. */
const baseAlone = (g: Graph): Adapt => ({
  linears: (calls) => plainLinears(g, calls),
  embedding: (call) => call.run(),
  norm: (call) => call.run(),
});

/** Linears that read the same x, as the base or `source` has them: one product where their matrices lie side by side. */
export function plainLinears(g: Graph, calls: readonly LinearCall[], source?: ParameterSource): Value[] {
  const linears = calls.map((call) => plainLinear(call, source));
  return lowRankLinears(g, { x: calls[0]!.x }, linears);
}

/** What a linear is made of. */
export type LinearParts = Pick<LinearCall, 'x' | 'addend' | 'label' | 'weight' | 'bias'>;

/** A linear without what an adapter adds to it. */
export function plainLinear(call: LinearParts, source?: ParameterSource): LowRankLinear {
  const { label, addend } = call;
  return { label, addend, weight: call.weight(source), bias: call.bias(source) };
}

/** How the weights that a forward pass asks for are stored on the device. Throws for one that the model does not have. */
export interface WeightLayout {
  storageOf(spec: WeightSpec): Storage;
}

export interface LinearOptions {
  readonly bias?: boolean;
  /** (O,T), added to the result: a residual. */
  readonly addend?: Value;
  /** The file holds (in,out), as GPT-2's does. */
  readonly transposed?: boolean;
}

/** A state of a cached pass; another program may share its memory by this name. */
const cacheName = (layer: number, which: 'k' | 'v') => `cache.${layer}.${which}`;

/** A frozen input of the pass that is not in the model's files: the table of config.ropes[index]. */
export const ropeName = (index: number) => `rope.${index}`;

export class Layers {
  private readonly weights = new Map<string, Weight>();
  /** Matrices, and biases, of linears that read the same x, by the first one's name. */
  private readonly groups = new Map<string, { readonly names: readonly string[]; readonly rows: readonly number[] }>();
  private readonly vectors = new Map<string, Value>();

  constructor(
    readonly graph: Graph,
    readonly config: ModelConfig,
    readonly inputs: ModelInputs,
    private readonly layout: WeightLayout,
    /** Positions that the rope table holds. */
    private readonly positions: number,
    private readonly adapt: Adapt = baseAlone(graph),
  ) {}

  /** Ops pushed by `body` belong to block `index` (checkpointing, submit limits, figures per layer). */
  block(index: number, body: () => void): void {
    this.graph.block = index;
    body();
    this.graph.block = undefined;
  }

  /** x (columns,T) of the token ids, times `scale`. */
  embedding(
    path: string,
    rows: number,
    columns: number,
    { scale = 1, padding }: { readonly scale?: number; readonly padding?: number | undefined } = {},
  ): Value {
    const { ids } = this.inputs;
    const spec = { name: `${path}.weight`, shape: [rows, columns], kind: 'embedding' } as const;
    return this.adapt.embedding({
      kind: 'embedding',
      path,
      ids,
      scale,
      padding,
      run: (source) => embedding(this.graph, source?.matrix(spec) ?? this.weight(spec), ids, { scale, padding }),
    });
  }

  /** Learned positions (columns,T): row `first` of the table is position 0. */
  positionEmbedding(path: string, rows: number, columns: number, first = 0): Value {
    return embedding(this.graph, this.matrix(path, rows, columns), this.inputs.positions, { first });
  }

  /** y (O,T) = W·x (+ bias) (+ addend), and what the adapter makes of it. */
  linear(path: string, x: Value, outFeatures: number, options: LinearOptions = {}): Value {
    return this.adapt.linears([this.call(path, x, outFeatures, options)])[0]!;
  }

  /** Linears `<path>.<name>` that read one x, by name: what an adapter makes of them is computed together. */
  linears<Name extends string>(
    path: string,
    x: Value,
    outFeatures: Readonly<Record<Name, number>>,
    options: Pick<LinearOptions, 'bias'> = {},
  ): Record<Name, Value> {
    const names = Object.keys(outFeatures) as Name[];
    const beside = names.length > 1 ? `${path}.${names[0]!}` : undefined;
    if (beside !== undefined)
      for (const tensor of ['weight', 'bias']) {
        const rows = names.map((name) => outFeatures[name]);
        this.groups.set(`${beside}.${tensor}`, { names: names.map((name) => `${path}.${name}.${tensor}`), rows });
      }
    const calls = names.map((name) => this.call(`${path}.${name}`, x, outFeatures[name], options, beside));
    const results = this.adapt.linears(calls);
    return Object.fromEntries(names.map((name, i) => [name, results[i]!])) as Record<Name, Value>;
  }

  /** Logits (V,T) of hidden states x (C,T): the linear at `path`, whose matrix may be an embedding's. */
  head(path: string, x: Value, matrix: Weight, at?: ColumnChoice): Value {
    const weight: WeightSpec = { name: `${path}.weight`, shape: [matrix.rows, matrix.columns], kind: 'embedding' };
    return this.adapt.linears([
      this.product(path, x, { weight, matrix, bias: false, addend: undefined, label: 'logits', at }),
    ])[0]!;
  }

  /** Over all rows of x, or over each group of `size` rows (a head). `offset`: added to the weight as it is stored. */
  rmsNorm(path: string, x: Value, options: { readonly size?: number; readonly offset?: number } = {}): Value {
    const { size = x.shape[0]!, offset = 0 } = options;
    const spec: WeightSpec = { name: `${path}.weight`, shape: [size], kind: 'norm', offset };
    const eps = this.config.normEps;
    return this.adapt.norm({
      kind: 'norm',
      path,
      run: (source) => {
        const own = source?.vector(spec);
        // The base's weight lies there with its offset; one of an adapter is as its file has it.
        return own
          ? rmsNorm(this.graph, x, own, eps, { label: path, offset })
          : rmsNorm(this.graph, x, this.vector(spec), eps, { label: path });
      },
    });
  }

  /** With weight and bias, over all rows of x. */
  layerNorm(path: string, x: Value): Value {
    const weight: WeightSpec = { name: `${path}.weight`, shape: [x.shape[0]!], kind: 'norm' };
    const bias: WeightSpec = { name: `${path}.bias`, shape: [x.shape[0]!], kind: 'bias' };
    const eps = this.config.normEps;
    const of = (spec: WeightSpec, source?: ParameterSource) => source?.vector(spec) ?? this.vector(spec);
    return this.adapt.norm({
      kind: 'norm',
      path,
      run: (source) => layerNorm(this.graph, x, of(weight, source), of(bias, source), eps, { label: path }),
    });
  }

  /** Parts of a fused linear's result: rows of `sizes`, in each of `groups` groups. */
  split(x: Value, sizes: readonly number[], groups = 1): Value[] {
    return splitRows(this.graph, x, sizes, groups);
  }

  /** x + y, in the memory of y. */
  add(x: Value, y: Value): Value {
    return add(this.graph, y, x);
  }

  /** act(gate)·up, element by element. */
  gated(kind: Activation, gate: Value, up: Value): Value {
    return gatedActivation(this.graph, gate, up, kind);
  }

  /** act(x), element by element. Nothing else may read x. */
  activation(kind: Activation, x: Value): Value {
    return activation(this.graph, x, kind);
  }

  /**
   * Causal attention o (H·D,T) of q (H·D,T) over k, v (K·D,T), or over the cache that they are appended to. Overwrites q and k
   * where they turn with their positions.
   */
  attention(layer: number, q: Value, k: Value, v: Value, options: AttentionChoice = {}): Value {
    const { heads, kvHeads, headDim, ropes } = this.config;
    const { window, rope: index, ...rest } = options;
    const shape = { heads, kvHeads, headDim, scale: 1 / Math.sqrt(headDim), ...rest, ...(window && { window }) };
    const { inputs, graph } = this;
    const turns =
      index === undefined ? undefined : this.table(ropeName(index), [ropes[index]!.rotary / 2, this.positions, 2]);
    if (inputs.kind === 'packed') {
      const { positions, segmentStart, segmentEnd } = inputs;
      const turning = { heads, kvHeads, headDim, ...(index !== undefined && { rotary: ropes[index]!.rotary }) };
      const turned = turns ? rope(graph, { q, k }, turning, positions, turns) : { q, k };
      return attention(graph, { ...turned, v, segmentStart, segmentEnd }, shape);
    }
    const { rowOf, positions, rows, capacity, isOnePerRow } = inputs;
    const cache = (which: 'k' | 'v') => graph.state(cacheName(layer, which), [rows * kvHeads * headDim, capacity]);
    const caches = { k: cache('k'), v: cache('v') };
    return attentionCached(graph, { q, caches, rowOf, positions, added: { k, v, turns, isOnePerRow } }, shape);
  }

  /** The matrix at `<path>.weight`, an embedding or a head; asked for twice (tied embeddings), it is one. */
  matrix(path: string, rows: number, columns: number): Weight {
    return this.weight({ name: `${path}.weight`, shape: [rows, columns], kind: 'embedding' });
  }

  private call(path: string, x: Value, outFeatures: number, options: LinearOptions, beside?: string): LinearCall {
    const { bias = false, transposed = false, addend } = options;
    const shape = [outFeatures, x.shape[0]!] as const;
    const of = (tensor: 'weight' | 'bias') => beside && `${beside}.${tensor}`;
    const weight: WeightSpec = { name: `${path}.weight`, shape, kind: 'linear', transposed, beside: of('weight') };
    return this.product(path, x, { weight, bias, biasBeside: of('bias'), addend, label: path, at: undefined });
  }

  private product(
    path: string,
    x: Value,
    { weight, matrix, bias: hasBias, biasBeside, addend, label, at }: ProductChoice,
  ): LinearCall {
    const biasSpec: WeightSpec = { name: `${path}.bias`, shape: [weight.shape[0]!], kind: 'bias', beside: biasBeside };
    const weightOf = (source?: ParameterSource) => source?.matrix(weight) ?? matrix ?? this.weight(weight);
    const biasOf = (source?: ParameterSource) =>
      hasBias ? (source?.vector(biasSpec) ?? this.vector(biasSpec)) : undefined;
    const product: LinearCall['product'] = (input, residual, source) => {
      const bias = biasOf(source);
      return matmul(this.graph, weightOf(source), input, {
        label,
        ...(residual && { addend: residual }),
        ...(bias && { bias }),
      });
    };
    return {
      kind: 'linear',
      path,
      x,
      addend,
      label,
      at,
      weight: weightOf,
      bias: biasOf,
      product,
      run: (source) => product(x, addend, source),
    };
  }

  private weight(spec: WeightSpec): Weight {
    const storage = this.layout.storageOf(spec);
    const known = this.weights.get(spec.name);
    if (known !== undefined) return known;
    const [rows, columns] = spec.shape as [number, number];
    const group = spec.beside === undefined ? undefined : this.groups.get(spec.beside);
    const weights =
      group && canAdjoin(this.graph.traits, storage, group.rows, columns)
        ? adjoinedWeights(this.graph, group.names, storage, group.rows, columns)
        : [frozenWeight(this.graph, spec.name, storage, rows, columns)];
    for (const weight of weights) this.weights.set(weight.name, weight);
    return this.weights.get(spec.name)!;
  }

  private vector(spec: WeightSpec): Value {
    this.layout.storageOf(spec);
    const group = spec.beside === undefined ? undefined : this.groups.get(spec.beside);
    if (group && !this.vectors.has(spec.name) && canAdjoin(this.graph.traits, 'f32', group.rows, 1)) {
      const total = group.rows.reduce((a, b) => a + b, 0);
      const whole = this.graph.frozen(adjoinedName(spec.beside!), [total]);
      let first = 0;
      for (const [i, name] of group.names.entries()) {
        this.vectors.set(name, this.graph.rows(whole, first, group.rows[i]!, name));
        first += group.rows[i]!;
      }
    }
    return this.table(spec.name, spec.shape);
  }

  private table(name: string, shape: readonly number[]): Value {
    let value = this.vectors.get(name);
    if (value === undefined) {
      value = this.graph.frozen(name, shape);
      this.vectors.set(name, value);
    }
    return value;
  }
}

interface ProductChoice {
  readonly weight: WeightSpec;
  /** The base's own, where it is not simply that of `weight`. */
  readonly matrix?: Weight;
  readonly bias: boolean;
  readonly biasBeside?: string | undefined;
  readonly addend: Value | undefined;
  readonly label: string;
  readonly at: ColumnChoice | undefined;
}

/** What a layer's attention has of its own. */
export interface AttentionChoice {
  /** q and k turn with their positions, by config.ropes[rope]. */
  readonly rope?: number;
  /** Of the scores; 1/√D when absent. */
  readonly scale?: number;
  /** How many keys a query sees at most, itself included. */
  readonly window?: number | undefined;
  /** Scores fall with distance. */
  readonly alibi?: boolean;
}
