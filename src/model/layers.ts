// The layers that families are written with. A family calls them by Hugging Face module paths; this file knows where
// the weights, the adapter and the KV cache come in, so that one description of a forward pass serves training,
// scoring and generation.

import type { Graph, Value } from '../gpu/graph.ts';
import { attention } from '../gpu/kernels/attention.ts';
import { attentionCached } from '../gpu/kernels/attention-cached.ts';
import { cacheAppend } from '../gpu/kernels/cache-append.ts';
import { embedding } from '../gpu/kernels/embedding.ts';
import { matmul } from '../gpu/kernels/matmul.ts';
import { rmsNorm } from '../gpu/kernels/rms-norm.ts';
import { rope } from '../gpu/kernels/rope.ts';
import { swiglu } from '../gpu/kernels/swiglu.ts';
import { frozenWeight, type Storage, type Weight } from '../gpu/weight.ts';
import type { ModelConfig } from './config.ts';

/** Adds an adapter's product to y (O,T) = W·x of the linear at `path`; returns y where it does not sit there. */
export type Adapt = (path: string, x: Value, y: Value) => Value;

/** How a weight lies on the device; undefined for a name the model does not have. */
export interface WeightLayout {
  storageOf(name: string): { readonly storage: Storage; readonly rows: number; readonly columns: number } | undefined;
}

/** Whole rows packed side by side (training, scoring). All (T) u32. */
export interface PackedInputs {
  readonly kind: 'packed';
  readonly ids: Value;
  readonly positions: Value;
  readonly segmentStart: Value;
  readonly segmentEnd: Value;
}
/** Columns that belong to rows of a KV cache (generation). All (T) u32. */
export interface CachedInputs {
  readonly kind: 'cached';
  readonly ids: Value;
  readonly positions: Value;
  /** Row of the cache; 0xffffffff = column not used. */
  readonly rowOf: Value;
  readonly rows: number;
  /** Longest row in tokens. */
  readonly capacity: number;
}
export type ModelInputs = PackedInputs | CachedInputs;

export function packedInputs(g: Graph, columns: number): PackedInputs {
  const column = (name: string) => g.input(name, [columns], 'u32');
  return {
    kind: 'packed',
    ids: column('ids'),
    positions: column('positions'),
    segmentStart: column('segment_start'),
    segmentEnd: column('segment_end'),
  };
}
export function cachedInputs(g: Graph, columns: number, rows: number, capacity: number): CachedInputs {
  const column = (name: string) => g.input(name, [columns], 'u32');
  return {
    kind: 'cached',
    ids: column('ids'),
    positions: column('positions'),
    rowOf: column('row_of'),
    rows,
    capacity,
  };
}

/** KV caches of a cached pass, in the order they were made; another program may share their memory by name. */
export const cacheName = (layer: number, which: 'k' | 'v') => `cache.${layer}.${which}`;

/** Frozen inputs of the pass that are not in the model's files. */
export const ROPE_COS = 'rope.cos';
export const ROPE_SIN = 'rope.sin';

export class Layers {
  private readonly weights = new Map<string, Weight>();
  private readonly vectors = new Map<string, Value>();

  constructor(
    readonly graph: Graph,
    readonly config: ModelConfig,
    readonly inputs: ModelInputs,
    private readonly layout: WeightLayout,
    /** Positions that the rope tables hold. */
    private readonly positions: number,
    private readonly adapt: Adapt = (_path, _x, y) => y,
  ) {}

  /** Ops pushed by `body` belong to block `index` (checkpointing, submit limits, figures per layer). */
  block(index: number, body: () => void): void {
    this.graph.block = index;
    body();
    this.graph.block = undefined;
  }

  /** x (C,T) of the token ids. */
  embedding(path: string, scale = 1): Value {
    return embedding(this.graph, this.weight(path), this.inputs.ids, scale);
  }

  /** y (O,T) = W·x (+ bias) (+ addend) (+ the adapter's product). */
  linear(path: string, x: Value, options: { readonly addend?: Value } = {}): Value {
    const bias = this.layout.storageOf(`${path}.bias`) === undefined ? undefined : this.vector(`${path}.bias`);
    const y = matmul(this.graph, this.weight(path), x, { label: path, ...options, ...(bias && { bias }) });
    return this.adapt(path, x, y);
  }

  rmsNorm(path: string, x: Value): Value {
    return rmsNorm(this.graph, x, this.vector(`${path}.weight`), this.config.rmsEps, { label: path });
  }

  swiglu(gate: Value, up: Value): Value {
    return swiglu(this.graph, gate, up);
  }

  /** Rotates q or k in place by the positions of its columns. */
  rope(x: Value, heads: number): Value {
    const { headDim } = this.config;
    const shape = [headDim / 2, this.positions];
    const cos = this.table(ROPE_COS, shape);
    const sin = this.table(ROPE_SIN, shape);
    return rope(this.graph, x, { heads, headDim }, this.inputs.positions, cos, sin);
  }

  /** Causal attention o (H·D,T) of q (H·D,T) over k, v (K·D,T), or over the cache that they are appended to. */
  attention(layer: number, q: Value, k: Value, v: Value): Value {
    const { heads, kvHeads, headDim } = this.config;
    const shape = { heads, kvHeads, headDim, scale: 1 / Math.sqrt(headDim) };
    const { inputs, graph } = this;
    if (inputs.kind === 'packed') return attention(graph, q, k, v, shape, inputs.segmentStart, inputs.segmentEnd);
    const cached = (which: 'k' | 'v', x: Value) => {
      const cache = graph.state(cacheName(layer, which), [inputs.rows * kvHeads * headDim, inputs.capacity]);
      cacheAppend(graph, cache, x, inputs.rowOf, inputs.positions);
      return cache;
    };
    return attentionCached(graph, q, cached('k', k), cached('v', v), shape, inputs.rowOf, inputs.positions);
  }

  /** The matrix at `<path>.weight`; asked for twice (tied embeddings), it is one. */
  weight(path: string): Weight {
    const name = `${path}.weight`;
    let weight = this.weights.get(name);
    if (weight === undefined) {
      const layout = this.layout.storageOf(name);
      if (layout === undefined) throw new RangeError(`Cannot build the model: found no weight "${name}"`);
      weight = frozenWeight(this.graph, name, layout.storage, layout.rows, layout.columns);
      this.weights.set(name, weight);
    }
    return weight;
  }

  private vector(name: string): Value {
    const layout = this.layout.storageOf(name);
    if (layout === undefined) throw new RangeError(`Cannot build the model: found no weight "${name}"`);
    return this.table(name, [layout.rows]);
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
