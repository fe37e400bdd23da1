// A PEFT folder: adapter_config.json, adapter_model.safetensors, README.md. What is written loads in every version of PEFT.
// What is read must match its config on the model at hand, complete and finite; else it is refused by naming what is wrong.
// Tensor names are those of `adapterTensors` with a prefix.
//
//   base_model.model.<module path>.lora_A.weight   (r, in)
//   base_model.model.<module path>.lora_B.weight   (out, r)

import { findFile, type ModelFile, readJsonObject } from '../../model/model-file.ts';
import { readTensorsHeader } from '../../model/model-tensors.ts';
import { readTensor } from '../../model/read-tensor.ts';
import { type TensorBytes, type TensorInfo, writeSafetensors } from '../../model/safetensors.ts';
import { type Adapter, type AdapterModule, checkAdapter, type LoraAdapter } from '../adapter.ts';
import { type AdapterConfig, parseAdapterConfig, writeAdapterConfig } from '../adapter-config.ts';
import { type AdapterTensor, adapterTensors, fillShape, type TargetShape, tensorsOf } from '../adapter-tensors.ts';
import type { LoraConfig } from '../lora-config.ts';
import { resolveTargets } from '../match-targets.ts';
import { BOTTLENECK_PARTS } from '../methods/bottleneck.ts';
import type { Ia3Config } from '../methods/ia3.ts';
import { type Placement, placeAdapter, type Sites } from '../place-adapter.ts';
import { escapePattern } from '../python-regexp.ts';
import { type CardFacts, writeModelCard } from './model-card.ts';
import { transpose } from './transpose.ts';

export interface FileBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';
/** Written by old versions of PEFT, with torch.save. */
const OLD_WEIGHTS = 'adapter_model.bin';
/** AdapterHub's. */
const ADAPTERHUB_WEIGHTS = 'adapter.safetensors';
const ADAPTERHUB_OLD = 'pytorch_adapter.bin';
const PREFIX = 'base_model.model.';
/** With bias "all", PEFT writes the biases of modules_to_save thrice: under their own names, and as these two. */
const SAVED_TWICE = /\.(?:modules_to_save|original_module)(?=\..*\bbias$)/;

/** Whether a tensor's name is one of PEFT's inner names for what the file has under its own name as well. */
export const isSavedTwice = (name: string): boolean => SAVED_TWICE.test(name);

/**
 * Reads an adapter for a model with these sites. `notices` list what the files contain that has no effect.
 * Throws an Error that names the field, tensor or module that does not fit.
 */
export async function readPeftFolder(
  files: readonly ModelFile[],
  sites: Sites,
): Promise<{ readonly adapter: Adapter; readonly notices: readonly string[] }> {
  const { configFile, weightsFile } = findParts(files);
  const { config, notices } = parseAdapterConfig(await readJsonObject(configFile));
  const { tensors } = await readTensorsHeader(weightsFile);
  const infos = new Map(tensors.map((info) => [info.name, info]));
  const placed = placeAdapter(config, sites);
  const inFile = (path: string) => [...infos.keys()].some((name) => name.startsWith(`${PREFIX}${path}.lora_`));
  // In the order of the model, not of the file, so that the same adapter always lies the same way in memory.
  const present = new Map([...placed.modules].filter(([path]) => inFile(path)));
  const missing = [...placed.modules.keys()].filter((path) => !present.has(path));
  const shape: TargetShape = { ...placed, modules: present };
  const table = new Map<string, Float32Array>();
  for (const tensor of adapterTensors(shape)) {
    const info = infos.get(fileKey(tensor));
    if (info === undefined) throw absent(tensor.name, infos);
    infos.delete(info.name);
    const isTransposed = shape.saved?.get(tensor.path)?.transposed === true && tensor.part === 'saved';
    checkShape(info, isTransposed ? tensor.shape.toReversed() : tensor.shape);
    const values = await readTensor(info);
    table.set(tensor.name, isTransposed ? transpose(values, tensor.shape[1]!, tensor.shape[0]!) : values);
  }
  const ignored = checkRest(infos, placed, sites);
  if (config.peft_type === 'LORA' && present.size === 0)
    throw new RangeError(`Cannot read the adapter: found no lora_A in "${WEIGHTS}", need at least one module`);
  const baseName = config.base_model_name_or_path ?? undefined;
  const adapter = fillShape(config, baseName, shape, table);
  checkAdapter(adapter);
  const untouched = missing.map((path) => `"${path}" is a target without tensors and stays as it is`);
  return { adapter, notices: [...notices, ...ignored, ...untouched] };
}

/** Without prefix: a prompt, which belongs to no module, and AdapterHub's, which name modules as the base does. */
function fileKey({ name, part }: Pick<AdapterTensor, 'name' | 'part'>): string {
  const isAlone = part === 'prompt' || BOTTLENECK_PARTS.some((own) => own === part);
  return isAlone ? name : `${PREFIX}${name}`;
}

/** The three files of the adapter's folder. Throws when a factor has the wrong size or is not finite. */
export function writePeftFolder(adapter: Adapter, facts: CardFacts): FileBytes[] {
  checkAdapter(adapter);
  const values = tensorsOf(adapter);
  const tensors = adapterTensors(adapter).map(({ name, path, part, shape }): TensorBytes => {
    const isTransposed = part === 'saved' && adapter.saved?.get(path)?.transposed === true;
    const numbers = values.get(name)!;
    return isTransposed
      ? tensorBytes(fileKey({ name, part }), shape.toReversed(), transpose(numbers, shape[0]!, shape[1]!))
      : tensorBytes(fileKey({ name, part }), shape, numbers);
  });
  const config = portableConfig(adapter);
  const text = new TextEncoder();
  return [
    { name: CONFIG, bytes: text.encode(writeAdapterConfig(config)) },
    { name: adapter.bottlenecks ? ADAPTERHUB_WEIGHTS : WEIGHTS, bytes: writeSafetensors(tensors) },
    { name: 'README.md', bytes: text.encode(writeModelCard(adapter, config, facts)) },
  ];
}

/**
 * The config as other programs need it: targets by name instead of "all-linear" (some know only lists), the base's
 * name filled in, and patterns that mean the same after sorting, because PEFT sorts them when it saves.
 */
function portableConfig({ config, ...adapter }: Adapter): AdapterConfig {
  const common = {
    task_type: config.task_type ?? 'CAUSAL_LM',
    base_model_name_or_path: adapter.baseName ?? config.base_model_name_or_path,
  };
  switch (config.peft_type) {
    case 'LORA':
      return portableLora({ ...adapter, config: { ...config, ...common } });
    case 'IA3':
      return { ...config, ...common, ...namedModules(adapter.ia3 ?? new Map(), config) };
    case 'PROMPT_TUNING':
      return { ...config, ...common };
    case 'BOTTLENECK':
      return { ...config, base_model_name_or_path: common.base_model_name_or_path };
  }
}

/** Whether targets depend on the model ("all-linear", null). */
function isShorthand({ target_modules: targets }: Pick<LoraConfig, 'target_modules'>): boolean {
  return targets === null || String(targets).toLowerCase() === 'all-linear';
}

/** Targets of IA³ by whole paths where they, or which of them are feed-forward, follow from the model. */
function namedModules(ia3: NonNullable<Adapter['ia3']>, config: Ia3Config): Partial<Ia3Config> {
  if (!isShorthand(config) && config.feedforward_modules !== null) return {};
  const paths = (wanted: (isFeedforward: boolean) => boolean) =>
    [...ia3].flatMap(([path, { isFeedforward }]) => (wanted(isFeedforward) ? [path] : []));
  return { target_modules: paths(() => true), feedforward_modules: paths((isFeedforward) => isFeedforward) };
}

function portableLora({ config, modules }: LoraAdapter): LoraConfig {
  const paths = [...modules.keys()];
  const names = new Set(paths.map((path) => path.slice(path.lastIndexOf('.') + 1)));
  const named = {
    ...config,
    target_modules: isShorthand(config) ? [...names].sort() : config.target_modules,
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

/** The file of an adapter's tensors, if it is there. */
export function findWeights(files: readonly ModelFile[]): ModelFile | undefined {
  const names = [WEIGHTS, OLD_WEIGHTS, ADAPTERHUB_WEIGHTS, ADAPTERHUB_OLD];
  for (const name of names) {
    const file = findFile(files, name);
    if (file !== undefined) return file;
  }
  return undefined;
}

function findParts(files: readonly ModelFile[]): { configFile: ModelFile; weightsFile: ModelFile } {
  const configFile = findFile(files, CONFIG);
  const weightsFile = findWeights(files);
  if (!configFile) throw new RangeError(`Cannot read the adapter: found no "${CONFIG}", need a PEFT adapter folder`);
  if (weightsFile) return { configFile, weightsFile };
  throw new RangeError(`Cannot read the adapter: found no "${WEIGHTS}", need it beside "${CONFIG}"`);
}

function checkShape(info: TensorInfo, need: readonly number[]): void {
  const [found, needed] = [`[${info.shape.join(', ')}]`, `[${need.join(', ')}]`];
  if (found !== needed) throw new TypeError(`Cannot read tensor "${info.name}": found shape ${found}, need ${needed}`);
}

/** The error for a tensor that the config promises and the file lacks. */
function absent(name: string, infos: ReadonlyMap<string, TensorInfo>): RangeError {
  const factor = /^(.+)\.lora_([AB])\.weight$/.exec(name);
  if (factor === null) return new RangeError(`Cannot read the adapter: found no "${PREFIX}${name}", need it`);
  const [, path, which] = factor;
  const other = which === 'A' ? 'lora_B' : 'lora_A';
  return infos.has(`${PREFIX}${path}.${other}.weight`) || which === 'B'
    ? new RangeError(`Cannot read the adapter: found "${path}.${other}" alone, need its lora_${which} too`)
    : new RangeError(`Cannot read the adapter: found no "${PREFIX}${name}", need it`);
}

/**
 * Tensors that nothing asks for. Copies of base weights are skipped. PEFT would silently drop the others, and the adapter
 * would then do less than its author saw.
 */
function checkRest(infos: ReadonlyMap<string, TensorInfo>, placed: Placement, { linears }: Sites): string[] {
  const ignored: string[] = [];
  for (const name of infos.keys()) {
    const path =
      /^base_model\.model\.(.+)\.(?:lora_(?:[AB]\.weight|embedding_[AB]|magnitude_vector|B\.bias)|ia3_l)$/.exec(
        name,
      )?.[1];
    if (name.startsWith(PREFIX) && name.endsWith('.base_layer.weight')) {
      ignored.push(`"${name}" is a copy of the base's weights and is not used`);
    } else if (placed.saved?.has(name.slice(PREFIX.length).replace(SAVED_TWICE, ''))) {
      ignored.push(`"${name}" is there under its own name as well and is not used`);
    } else if (path !== undefined && !placed.modules.has(path) && !placed.ia3?.has(path)) {
      const need = linears.has(path)
        ? `it among the targets of "${CONFIG}"`
        : 'a linear of this model (is it another base?)';
      throw new RangeError(`Cannot read the adapter: found tensors for "${path}", need ${need}`);
    } else {
      throw new RangeError(
        `Cannot read the adapter: found tensor "${name}", need only those that "${CONFIG}" asks for`,
      );
    }
  }
  return ignored;
}

function tensorBytes(name: string, shape: readonly number[], values: Float32Array): TensorBytes {
  return { name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

function sorted(patterns: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(patterns).sort(([a], [b]) => (a < b ? -1 : 1)));
}
