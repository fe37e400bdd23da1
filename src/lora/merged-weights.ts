// A base with an adapter merged into it, tensor by tensor and rows at a time. Weights are those that training used: read,
// stored in the same scheme and widened again, so that the merged model says what the adapter said over its base.

import type { ModelConfig } from '../model/config.ts';
import { modelParts } from '../model/model-parts.ts';
import { placeWeight, type QuantChoice, type WeightSpec } from '../model/prepare-weights.ts';
import { checkFinite } from '../model/quantize.ts';
import { readTensor } from '../model/read-tensor.ts';
import type { TensorInfo } from '../model/safetensors.ts';
import { storedRows } from '../model/stored-rows.ts';
import type { Adapter } from './adapter.ts';
import { mergeRows } from './merge-rows.ts';

export interface MergeBase {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** How training stored the base. */
  readonly quant: QuantChoice;
}

export interface MergedTensor {
  readonly spec: WeightSpec;
  /** Rows as f32 in the orientation of the forward pass, (O,C); vectors in one piece, as Hugging Face's files have them. */
  rows(): AsyncIterable<{ readonly rowBegin: number; readonly values: Float32Array }>;
}

/** Every tensor of the model, in the order of its forward pass. Without an adapter: the base as it is stored. */
export function mergedTensors(base: MergeBase, adapter: Adapter | undefined): MergedTensor[] {
  return modelParts(base.config).tensors.map((spec) => ({
    spec,
    rows: () => (spec.shape.length < 2 ? vector(base, spec) : matrix(base, spec, adapter)),
  }));
}

async function* matrix({ tensors, quant }: MergeBase, spec: WeightSpec, adapter: Adapter | undefined) {
  const module = adapter?.modules.get(spec.name.replace(/\.weight$/, ''));
  for await (const { rowBegin, values } of storedRows(tensors, placeWeight(spec, quant))) {
    if (module) mergeRows(module, values, rowBegin);
    yield { rowBegin, values };
  }
}

async function* vector({ tensors }: MergeBase, { name, offset = 0 }: WeightSpec) {
  const info = tensors.get(name)!;
  const values = await readTensor(info);
  checkFinite(name, values, 1);
  // GGUF has what is multiplied with, Hugging Face's files what the family adds 1 to.
  yield { rowBegin: 0, values: info.asUsed && offset !== 0 ? values.map((v) => v - offset) : values };
}
