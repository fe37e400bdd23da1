// An adapter of mlx-lm (adapters.safetensors, adapter_config.json) → the PEFT folder that says the same: mlx.ts backwards.
//
//   model.layers.0.self_attn.q_proj.lora_a   (in, r)    Aᵀ
//   model.layers.0.self_attn.q_proj.lora_b   (r, out)   Bᵀ
//   model.layers.0.self_attn.q_proj.m        (out)      DoRA's magnitudes
//
// `scale` is the multiplier itself; PEFT's alpha is scale · r. Ranks that were filled up with zeros get their own size back.

import type { ModelConfig } from '../../model/config.ts';
import { FAMILIES } from '../../model/families/by-model-type.ts';
import { findFile, isObject, type ModelFile, readJsonObject } from '../../model/model-file.ts';
import { readTensor } from '../../model/read-tensor.ts';
import { readSafetensorsHeader, type TensorInfo } from '../../model/safetensors.ts';
import type { LinearShapes } from '../adapter.ts';
import { type ForeignModule, peftFilesOf } from './foreign-adapter.ts';
import { mlxSpelling } from './mlx-paths.ts';
import { transpose } from './transpose.ts';

export const MLX_WEIGHTS = 'adapters.safetensors';
const CONFIG = 'adapter_config.json';

interface Parts {
  lora_a?: TensorInfo;
  lora_b?: TensorInfo;
  m?: TensorInfo;
}

const bad = (found: string, need: string) =>
  new RangeError(`Cannot read the MLX adapter: found ${found}, need ${need}`);

/** Throws an Error that names the setting or the tensor that does not fit this base. */
export async function readMlxAdapter(
  files: readonly ModelFile[],
  base: ModelConfig,
  linears: LinearShapes,
): Promise<{ readonly files: ModelFile[]; readonly notices: string[] }> {
  const [configFile, weightsFile] = [findFile(files, CONFIG), findFile(files, MLX_WEIGHTS)];
  if (!configFile || !weightsFile)
    throw bad(`no "${configFile ? MLX_WEIGHTS : CONFIG}"`, `"${MLX_WEIGHTS}" and "${CONFIG}"`);
  const { scale, dropout, isDora, baseName } = readMlxSettings(await readJsonObject(configFile));
  const spelling = mlxSpelling(base.family);
  const parts = new Map<string, Parts>();
  for (const info of (await readSafetensorsHeader(weightsFile)).tensors) {
    const [, mlxPath = '', kind] = /^(.+)\.(lora_a|lora_b|m)$/.exec(info.name) ?? [];
    const path = spelling.fromMlx(mlxPath);
    if (kind === undefined || !linears.has(path) || (kind === 'm' && !isDora))
      throw bad(
        `tensor "${info.name}"`,
        `lora_a and lora_b${isDora ? ' and m' : ''} of linears of this base, as mlx-lm does`,
      );
    parts.set(path, { ...parts.get(path), [kind]: info });
  }
  if (parts.size === 0) throw bad('no tensors', 'lora_a and lora_b of at least one linear');
  const modules: ForeignModule[] = [];
  for (const path of linears.keys()) {
    const found = parts.get(path);
    if (found) modules.push(await readModule(path, found, scale, isDora));
  }
  const fanInFanOut = FAMILIES.get(base.family)?.fanInFanOut;
  return { files: peftFilesOf(modules, linears, { dropout, baseName, fanInFanOut }), notices: [] };
}

/** What of its adapter_config.json mlx-lm goes by. Throws a RangeError that names the setting. */
export function readMlxSettings(config: Readonly<Record<string, unknown>>) {
  const type = config.fine_tune_type ?? 'lora';
  if (type !== 'lora' && type !== 'dora') throw bad(`fine_tune_type ${JSON.stringify(type)}`, '"lora" or "dora"');
  const lora = isObject(config.lora_parameters) ? config.lora_parameters : {};
  const { scale, dropout = 0 } = lora;
  if (typeof scale !== 'number' || !Number.isFinite(scale))
    throw bad(`lora_parameters.scale ${JSON.stringify(scale) ?? 'missing'}`, 'a number');
  if (typeof dropout !== 'number') throw bad(`lora_parameters.dropout ${JSON.stringify(dropout)}`, 'a number');
  const baseName = typeof config.model === 'string' ? config.model : undefined;
  return { scale, dropout, isDora: type === 'dora', baseName };
}

async function readModule(path: string, parts: Parts, scale: number, isDora: boolean): Promise<ForeignModule> {
  const { lora_a, lora_b, m } = parts;
  const [inFeatures = 0, rank = 0] = lora_a?.shape ?? [];
  const [rankB, outFeatures = 0] = lora_b?.shape ?? [];
  if (!lora_a || !lora_b || rank < 1 || rankB !== rank)
    throw bad(`"${(lora_a ?? lora_b ?? m)!.name}" without its other factor of the same rank`, 'lora_a and lora_b');
  if (isDora && m?.shape.join() !== String(outFeatures)) throw bad(`no "m" of ${outFeatures} at "${path}"`, 'one');
  const a = transpose(await readTensor(lora_a), inFeatures, rank);
  const bRows = await readTensor(lora_b); // (rank, out)
  const r = usedRank(a, bRows, rank);
  const b = transpose(bRows.subarray(0, r * outFeatures), r, outFeatures);
  const magnitude = m && (await readTensor(m));
  return { path, r, alpha: scale * r, a: a.slice(0, r * inFeatures), b, magnitude };
}

/** Without the last ranks whose A and B are both zero: they add nothing and, having no gradient, never will. */
function usedRank(a: Float32Array, b: Float32Array, rank: number): number {
  const isZero = (values: Float32Array, row: number) => {
    const width = values.length / rank;
    return values.subarray(row * width, (row + 1) * width).every((value) => value === 0);
  };
  let used = rank;
  while (used > 1 && isZero(a, used - 1) && isZero(b, used - 1)) used--;
  return used;
}
