// A PEFT folder: adapter_config.json, adapter_model.safetensors, README.md. What is written loads in every version of
// PEFT; what is read must be a plain LoRA on the linears of the model at hand, complete and finite, or is refused with
// the name of what is wrong.
//
//   base_model.model.<module path>.lora_A.weight   (r, in)
//   base_model.model.<module path>.lora_B.weight   (out, r)

import { findFile, type ModelFile, readJsonObject } from '../../model/model-file.ts';
import { readTensor } from '../../model/read-tensor.ts';
import { readSafetensorsHeader, type TensorBytes, type TensorInfo, writeSafetensors } from '../../model/safetensors.ts';
import { type Adapter, type AdapterModule, checkAdapter, type LinearShapes } from '../adapter.ts';
import { type LoraConfig, parseLoraConfig, writeLoraConfig } from '../lora-config.ts';
import { resolveTargets, type Target } from '../match-targets.ts';
import { escapePattern } from '../python-regexp.ts';
import { type CardFacts, writeModelCard } from './model-card.ts';

export interface FileBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';
const PREFIX = 'base_model.model.';

/** Both factors of a module, as the file lists them. */
interface Pair {
  a?: TensorInfo;
  b?: TensorInfo;
}

/**
 * Reads an adapter for a model with these linears and PEFT's default targets for it. `notices` say what was in the files and has no effect.
 * Throws an Error that names the field, tensor or module that does not fit.
 */
export async function readPeftFolder(
  files: readonly ModelFile[],
  linears: LinearShapes,
  defaultTargets?: readonly string[],
): Promise<{ readonly adapter: Adapter; readonly notices: readonly string[] }> {
  const { configFile, weightsFile } = findParts(files);
  const { config, notices } = parseLoraConfig(await readJsonObject(configFile));
  const { tensors } = await readSafetensorsHeader(weightsFile);
  const { pairs, ignored } = pairTensors(tensors);
  const targets = resolveTargets(config, linears.keys(), defaultTargets);
  const modules = new Map<string, AdapterModule>();
  // In the order of the model, not of the file, so that the same adapter always lies the same way in memory.
  for (const [path, target] of targets) {
    const pair = pairs.get(path);
    if (pair) modules.set(path, await readModule(path, pair, target, linears));
  }
  checkPaths(pairs, targets, linears);
  const missing = [...targets.keys()].filter((path) => !pairs.has(path));
  const adapter = { config, baseName: config.base_model_name_or_path ?? undefined, modules };
  checkAdapter(adapter);
  return {
    adapter,
    notices: [
      ...notices,
      ...ignored,
      ...missing.map((path) => `"${path}" is a target without tensors and stays as it is`),
    ],
  };
}

/** The three files of the adapter's folder. Throws when a factor has the wrong size or is not finite. */
export function writePeftFolder(adapter: Adapter, facts: CardFacts): FileBytes[] {
  checkAdapter(adapter);
  const tensors = [...adapter.modules].flatMap(([path, module]): TensorBytes[] => [
    factor(`${PREFIX}${path}.lora_A.weight`, [module.r, module.inFeatures], module.a),
    factor(`${PREFIX}${path}.lora_B.weight`, [module.outFeatures, module.r], module.b),
  ]);
  const config = portableConfig(adapter);
  const text = new TextEncoder();
  return [
    { name: CONFIG, bytes: text.encode(writeLoraConfig(config)) },
    { name: WEIGHTS, bytes: writeSafetensors(tensors) },
    { name: 'README.md', bytes: text.encode(writeModelCard(adapter, config, facts)) },
  ];
}

/**
 * The config as other programs need it: targets by name instead of "all-linear" (some know only lists), the base's
 * name filled in, and patterns that mean the same after sorting, because PEFT sorts them when it saves.
 */
function portableConfig({ config, modules, baseName }: Adapter): LoraConfig {
  const paths = [...modules.keys()];
  const isShorthand = config.target_modules === null || String(config.target_modules).toLowerCase() === 'all-linear';
  const names = new Set(paths.map((path) => path.slice(path.lastIndexOf('.') + 1)));
  const named = {
    ...config,
    task_type: config.task_type ?? 'CAUSAL_LM',
    base_model_name_or_path: baseName ?? config.base_model_name_or_path,
    target_modules: isShorthand ? [...names].sort() : config.target_modules,
    rank_pattern: sorted(config.rank_pattern),
    alpha_pattern: sorted(config.alpha_pattern),
  };
  const resolved = resolveTargets(named, paths);
  const agrees = paths.every((path) => {
    const [is, shouldBe] = [resolved.get(path), modules.get(path)!];
    return is?.r === shouldBe.r && is.alpha === shouldBe.alpha;
  });
  if (agrees) return named;
  const byPath = (value: (module: AdapterModule) => number) =>
    sorted(Object.fromEntries([...modules].map(([path, module]) => [escapePattern(path), value(module)])));
  return { ...named, target_modules: paths, rank_pattern: byPath((m) => m.r), alpha_pattern: byPath((m) => m.alpha) };
}

function findParts(files: readonly ModelFile[]): { configFile: ModelFile; weightsFile: ModelFile } {
  const configFile = findFile(files, CONFIG);
  const weightsFile = findFile(files, WEIGHTS);
  if (!configFile) throw new RangeError(`Cannot read the adapter: found no "${CONFIG}", need a PEFT adapter folder`);
  if (weightsFile) return { configFile, weightsFile };
  if (findFile(files, 'adapter_model.bin')) {
    throw new RangeError(
      `Cannot read the adapter: found "adapter_model.bin", need "${WEIGHTS}" (in Python: save_pretrained(folder, safe_serialization=True))`,
    );
  }
  throw new RangeError(`Cannot read the adapter: found no "${WEIGHTS}", need it beside "${CONFIG}"`);
}

/** Sorts tensors into pairs by module path. Copies of base weights are left out; anything else is refused. */
function pairTensors(tensors: readonly TensorInfo[]): { pairs: Map<string, Pair>; ignored: string[] } {
  const pairs = new Map<string, Pair>();
  const ignored: string[] = [];
  for (const info of tensors) {
    const match = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(info.name);
    if (match) {
      const pair = pairs.get(match[1]!) ?? {};
      pair[match[2] === 'A' ? 'a' : 'b'] = info;
      pairs.set(match[1]!, pair);
    } else if (info.name.startsWith(PREFIX) && info.name.endsWith('.base_layer.weight')) {
      ignored.push(`"${info.name}" is a copy of the base's weights and is not used`);
    } else {
      throw new RangeError(
        `Cannot read the adapter: found tensor "${info.name}", need only "${PREFIX}<module>.lora_A.weight" and ".lora_B.weight"`,
      );
    }
  }
  if (pairs.size === 0)
    throw new RangeError(`Cannot read the adapter: found no lora_A in "${WEIGHTS}", need at least one module`);
  return { pairs, ignored };
}

async function readModule(path: string, { a, b }: Pair, target: Target, linears: LinearShapes): Promise<AdapterModule> {
  const [outFeatures, inFeatures] = linears.get(path)!;
  if (!a || !b) {
    const [found, need] = a ? ['lora_A', 'lora_B'] : ['lora_B', 'lora_A'];
    throw new RangeError(`Cannot read the adapter: found "${path}.${found}" alone, need its ${need} too`);
  }
  checkShape(a, [target.r, inFeatures]);
  checkShape(b, [outFeatures, target.r]);
  return { ...target, a: await readTensor(a), b: await readTensor(b), inFeatures, outFeatures };
}

function checkShape(info: TensorInfo, need: readonly [number, number]): void {
  const [found, needed] = [`[${info.shape.join(', ')}]`, `[${need.join(', ')}]`];
  if (found !== needed) throw new TypeError(`Cannot read tensor "${info.name}": found shape ${found}, need ${needed}`);
}

/** PEFT would drop these tensors in silence, and the adapter would do less than its author saw. */
function checkPaths(
  pairs: ReadonlyMap<string, Pair>,
  targets: ReadonlyMap<string, Target>,
  linears: LinearShapes,
): void {
  for (const path of pairs.keys()) {
    if (targets.has(path)) continue;
    const need = linears.has(path)
      ? `it among the targets of "${CONFIG}"`
      : 'a linear of this model (is it another base?)';
    throw new RangeError(`Cannot read the adapter: found tensors for "${path}", need ${need}`);
  }
}

function factor(name: string, shape: readonly number[], values: Float32Array): TensorBytes {
  return { name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

function sorted(patterns: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(patterns).sort(([a], [b]) => (a < b ? -1 : 1)));
}
