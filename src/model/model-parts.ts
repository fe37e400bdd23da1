// Which tensors a model has and which linears an adapter can sit on: all that its forward pass asks for. Found by
// building the pass once on a graph without a device; a few milliseconds, no memory of the model's size.

import { Graph } from '../gpu/graph.ts';
import { BASE_TRAITS } from '../gpu/traits.ts';
import type { ModelConfig } from './config.ts';
import { FAMILIES } from './families/by-model-type.ts';
import type { Family } from './families/family.ts';
import { Layers } from './layers.ts';
import { packedInputs } from './model-inputs.ts';
import type { WeightSpec } from './prepare-weights.ts';

/** What turns hidden states into logits. */
export interface Head {
  /** Its module path in transformers. */
  readonly path: string;
  /** Path of its matrix in the model's files; for GPT-NeoX those say "embed_out". */
  readonly matrix: string;
  /** True: the matrix is the token embedding's. */
  readonly isTied: boolean;
}

export interface ModelParts {
  readonly head: Head;
  /** Token embeddings: module path → [width, rows of the table]. */
  readonly embeddings: ReadonlyMap<string, readonly [number, number]>;
  /** What the pass multiplies the rows of the token embedding by. */
  readonly embeddingScale: number;
  /** What PEFT takes for `target_modules: null`. */
  readonly defaultTargets: readonly string[] | undefined;
  /** The same of IA³. */
  readonly ia3Defaults: Family['ia3Defaults'];
  readonly bottleneckSites: Family['bottleneckSites'];
  /** In the order of the forward pass, the head last. */
  readonly tensors: readonly WeightSpec[];
  /** Module path → [out, in] features, in the order of the forward pass; without the head. */
  readonly linears: ReadonlyMap<string, readonly [number, number]>;
}

/** Numbers in the tensors that the model reads; buffers that old files carry do not count. */
export function countParameters({ tensors }: Pick<ModelParts, 'tensors'>): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

export function modelParts(config: ModelConfig): ModelParts {
  const family = FAMILIES.get(config.family)!;
  const tensors = new Map<string, WeightSpec>();
  const linears = new Map<string, readonly [number, number]>();
  const layout = {
    storageOf(spec: WeightSpec) {
      // A head that is the embedding was listed as the embedding.
      if (!tensors.has(spec.name)) tensors.set(spec.name, spec);
      return 'f32' as const;
    },
  };
  const g = new Graph(BASE_TRAITS);
  let embeddingScale = 1;
  const embeddings = new Map<string, readonly [number, number]>();
  const m = new Layers(g, config, packedInputs(g, 4), layout, 4, {
    linears: (calls) =>
      calls.map((call) => {
        const y = call.run();
        linears.set(call.path, [y.shape[0]!, call.x.shape[0]!]);
        return y;
      }),
    embedding(call) {
      const x = call.run();
      embeddingScale = call.scale;
      embeddings.set(call.path, [x.shape[0]!, tensors.get(`${call.path}.weight`)!.shape[0]!]);
      return x;
    },
    norm: (call) => call.run(),
  });
  family.hidden(m, config);
  const matrix = family.head(m, config).name.replace(/\.weight$/, '');
  const head = { path: 'lm_head', matrix, isTied: embeddings.has(matrix) };
  const { defaultTargets, ia3Defaults, bottleneckSites } = family;
  return {
    tensors: [...tensors.values()],
    linears,
    head,
    embeddings,
    embeddingScale,
    defaultTargets,
    ia3Defaults,
    bottleneckSites,
  };
}
