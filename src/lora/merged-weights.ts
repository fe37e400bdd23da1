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
import { mergeIa3Bias, mergeIa3Rows } from './methods/ia3.ts';

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

export interface MergedModel {
  /** The base's, but for `tied`. */
  readonly config: ModelConfig;
  /** In the order of the forward pass. */
  readonly tensors: readonly MergedTensor[];
  /** True: the base's head was its embedding, and the adapter changes one of the two. */
  readonly isUntied: boolean;
}

/** The whole model. Without an adapter: the base as it is stored. Throws a RangeError for what no weight can hold, by name. */
export function mergedModel(base: MergeBase, adapter: Adapter | undefined): MergedModel {
  const { tensors: specs } = modelParts(base.config);
  const untied = { ...base.config, tied: false };
  const embedding = specs[0]!.name;
  const head = modelParts(untied).tensors.find(({ name }) => !specs.some((spec) => spec.name === name));
  const isUntied =
    base.config.tied && head !== undefined && adapter !== undefined && splits(adapter, embedding, head.name);
  const all = isUntied ? [...specs, head] : specs;
  const found = adapter && checkPlaces(adapter, all);
  const source = (name: string) => (isUntied && name === head.name ? embedding : name);
  return {
    config: isUntied ? untied : base.config,
    isUntied,
    tensors: all.map((spec) => ({
      spec,
      rows: () => (spec.shape.length < 2 ? vector(base, spec, found) : matrix(base, spec, source(spec.name), found)),
    })),
  };
}

/** Whether embedding and head are no longer the same afterwards. Trained rows of tokens count in both (as in PEFT). */
function splits({ modules, saved, ia3 }: Adapter, embedding: string, head: string): boolean {
  return [embedding, head].some((name) => saved?.has(name) || modules.has(pathOf(name)) || ia3?.has(pathOf(name)));
}

/** Everything that an adapter holds has a place among the tensors. */
function checkPlaces(adapter: Adapter, specs: readonly WeightSpec[]): Adapter {
  if (adapter.bottlenecks)
    throw new RangeError(
      'Cannot merge the adapter: found bottleneck adapters, whose nonlinearity no weight of the base can hold',
    );
  if (adapter.prompt)
    throw new RangeError('Cannot merge the adapter: found a soft prompt, which no weight of the base can hold');
  const names = new Set(specs.map(({ name }) => name));
  const need = (name: string, what: string) => {
    if (!names.has(name)) throw new RangeError(`Cannot merge ${what}: the base has no "${name}"`);
  };
  for (const [path, { loraBias }] of adapter.modules) {
    need(`${path}.weight`, `the adapter at "${path}"`);
    if (loraBias) need(`${path}.bias`, `lora_B.bias at "${path}"`);
  }
  for (const path of adapter.ia3?.keys() ?? []) need(`${path}.weight`, `the factors at "${path}"`);
  for (const name of adapter.saved?.keys() ?? []) need(name, `"${name}"`);
  for (const path of adapter.tokens?.keys() ?? []) need(`${path}.weight`, `the trained tokens of "${path}"`);
  return adapter;
}

async function* matrix({ tensors, quant }: MergeBase, spec: WeightSpec, source: string, adapter: Adapter | undefined) {
  const path = pathOf(spec.name);
  const saved = adapter?.saved?.get(spec.name);
  const module = adapter?.modules.get(path);
  const tokens = adapter?.tokens?.get(path);
  const ia3 = adapter?.ia3?.get(path);
  const columns = spec.shape[1]!;
  for await (const { rowBegin, values } of storedRows(tensors, placeWeight({ ...spec, name: source }, quant))) {
    if (saved) values.set(saved.values.subarray(rowBegin * columns, rowBegin * columns + values.length));
    if (module) mergeRows(path, module, values, rowBegin);
    if (ia3) mergeIa3Rows(ia3, values, rowBegin);
    for (const [i, id] of (tokens?.ids ?? []).entries()) {
      const at = (id - rowBegin) * columns;
      if (at >= 0 && at < values.length) values.set(tokens!.rows.subarray(i * columns, (i + 1) * columns), at);
    }
    yield { rowBegin, values };
  }
}

async function* vector({ tensors }: MergeBase, { name, offset = 0 }: WeightSpec, adapter: Adapter | undefined) {
  const saved = adapter?.saved?.get(name)?.values;
  const path = name.endsWith('.bias') ? name.replace(/\.bias$/, '') : '';
  const module = adapter?.modules.get(path);
  const ia3 = adapter?.ia3?.get(path);
  const info = tensors.get(name)!;
  // GGUF has what is multiplied with, Hugging Face's files what the family adds 1 to.
  const lifted = info.asUsed && offset !== 0;
  const base = saved ?? (await readTensor(info));
  checkFinite(name, base, 1);
  const own = !saved && lifted ? base.map((v) => v - offset) : base;
  const values = ia3 ? mergeIa3Bias(ia3, own) : own;
  const bias = module?.loraBias;
  yield { rowBegin: 0, values: bias ? values.map((v, i) => v + module.scaling * bias[i]!) : values };
}

function pathOf(name: string): string {
  return name.replace(/\.weight$/, '');
}
