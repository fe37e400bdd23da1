// Which tensors a model has and which linears an adapter can sit on: all that its forward pass asks for. Found by
// building the pass once on a graph without a device; a few milliseconds, no memory of the model's size.

import { Graph } from '../gpu/graph.ts';
import { BASE_TRAITS } from '../gpu/traits.ts';
import type { ModelConfig } from './config.ts';
import { FAMILIES } from './families/by-model-type.ts';
import { Layers } from './layers.ts';
import { packedInputs } from './model-inputs.ts';
import type { WeightSpec } from './prepare-weights.ts';

export interface ModelParts {
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
  const m = new Layers(g, config, packedInputs(g, 4), layout, 4, (path, x, y) => {
    linears.set(path, [y.shape[0]!, x.shape[0]!]);
    return y;
  });
  family.hidden(m, config);
  family.head(m, config);
  return { tensors: [...tensors.values()], linears };
}
