// A model whose files have been read but not loaded: enough to build its graphs and to count its bytes, without a device.

import { FAMILIES } from './families/by-model-type.ts';
import type { Family } from './families/family.ts';
import { weightBytes } from './gpu-weights.ts';
import type { WeightLayout } from './layers.ts';
import type { ModelFolder } from './model-folder.ts';
import { type ModelParts, modelParts } from './model-parts.ts';
import { buildPass, type PassModel } from './model-pass.ts';
import { placeWeight, type QuantChoice } from './prepare-weights.ts';

export interface PlannedModel extends PassModel {
  readonly folder: ModelFolder;
  readonly family: Family;
  readonly parts: ModelParts;
  /** What `GpuWeights` will allocate. */
  readonly weightBytes: number;
  linears(): ModelParts['linears'];
}

export function planModel(folder: ModelFolder, quant: QuantChoice): PlannedModel {
  const { config } = folder;
  const parts = modelParts(config);
  const places = new Map(parts.tensors.map((spec) => [spec.name, placeWeight(spec, quant)]));
  const layout: WeightLayout = { storageOf: ({ name }) => places.get(name)!.storage };
  return {
    folder,
    config,
    family: FAMILIES.get(config.family)!,
    parts,
    weightBytes: weightBytes(places.values()),
    linears: () => parts.linears,
    build: (g, inputs, positions, adapt) => buildPass(g, { config, parts, layout, inputs, positions, adapt }),
  };
}
