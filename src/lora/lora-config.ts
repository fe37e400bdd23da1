// PEFT's LoraConfig: adapter_config.json in and out, under PEFT's own field names. Reading follows PEFT: missing keys
// take its defaults, and unknown ones are kept and reported. A field that would change the result and is not implemented
// is refused by name, so an adapter that loads does what it did where it came from.

import { isObject } from '../model/model-file.ts';
import { bad, finite, flag, type Json, moduleNames, names, refuseClassifier, size, text } from './config-fields.ts';
import { type EvaConfig, parseEvaConfig } from './eva/eva-config.ts';

export interface LoraConfig {
  readonly peft_type: 'LORA';
  readonly task_type: string | null;
  readonly base_model_name_or_path: string | null;
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  /** Names, a regular expression over whole paths, "all-linear", or null for the model type's default. */
  readonly target_modules: readonly string[] | string | null;
  /** Names or a regular expression; wins over target_modules. */
  readonly exclude_modules: readonly string[] | string | null;
  readonly use_rslora: boolean;
  /** Rank and alpha by the end of a path (a regular expression); the first match wins. */
  readonly rank_pattern: Readonly<Record<string, number>>;
  readonly alpha_pattern: Readonly<Record<string, number>>;
  readonly layers_to_transform: readonly number[] | number | null;
  readonly layers_pattern: readonly string[] | string | null;
  readonly init_lora_weights: boolean | string;
  /** EVA's settings; null with any other initialisation. For an adapter that was read, whatever its file says. */
  readonly eva_config: Partial<EvaConfig> | null;
  readonly fan_in_fan_out: boolean;
  /** Biases of the base that are trained: none, all of them, or those of the modules with LoRA. */
  readonly bias: 'none' | 'all' | 'lora_only';
  /** Each row of W + s·B·A has a trained length (DoRA). */
  readonly use_dora: boolean;
  /** B has a bias, scaled as B is. */
  readonly lora_bias: boolean;
  /** Ends of the paths of modules that are trained and saved in full. */
  readonly modules_to_save: readonly string[] | null;
  /** Ids whose rows of the token embedding are trained; by the end of an embedding's path, or for the token embedding. */
  readonly trainable_token_indices: readonly number[] | Readonly<Record<string, readonly number[]>> | null;
  /** Everything else in the file; has no effect and is not written back. */
  readonly other: Readonly<Record<string, unknown>>;
}

/** PEFT's defaults for absent keys. */
export const DEFAULT_LORA: LoraConfig = {
  peft_type: 'LORA',
  task_type: null,
  base_model_name_or_path: null,
  r: 8,
  lora_alpha: 8,
  lora_dropout: 0,
  target_modules: null,
  exclude_modules: null,
  use_rslora: false,
  rank_pattern: {},
  alpha_pattern: {},
  layers_to_transform: null,
  layers_pattern: null,
  init_lora_weights: true,
  eva_config: null,
  fan_in_fan_out: false,
  bias: 'none',
  use_dora: false,
  lora_bias: false,
  modules_to_save: null,
  trainable_token_indices: null,
  other: {},
};

/** Keys of PEFT 0.21 that have no effect on a trained adapter. */
export const WITHOUT_EFFECT: readonly string[] = [
  'auto_mapping',
  'corda_config',
  'ensure_weight_tying',
  'inference_mode',
  'loftq_config',
  'lora_ga_config',
  'megatron_core',
  'peft_version',
  'qalora_group_size',
  'revision',
];
/** Keys for something that is not implemented, unless they are empty. */
const REFUSED = [
  'target_parameters',
  'layer_replication',
  'alora_invocation_tokens',
  'arrow_config',
  'kasa_config',
  'megatron_config',
  'monteclora_config',
  'use_bdlora',
  'use_qalora',
  'velora_config',
];
/** Initialisations that change the base when PEFT loads the adapter; the others only chose the first A and B. */
const BASE_CHANGING_INIT = /^(pissa|olora|corda|lora_ga|loftq|mica)/;

/** A matrix of higher rank than any model's width is a mistake. */
const MAX_RANK = 2 ** 16;

/**
 * Reads adapter_config.json, or the config of a new adapter (`isNew`), which may take its start from the base.
 * `notices` name keys that PEFT 0.21 does not know. Throws a RangeError by field.
 */
export function parseLoraConfig(
  json: Json,
  { isNew = false }: { readonly isNew?: boolean } = {},
): { readonly config: LoraConfig; readonly notices: readonly string[] } {
  refuseOtherAdapters(json);
  const config: LoraConfig = {
    peft_type: 'LORA',
    task_type: text(json, 'task_type'),
    base_model_name_or_path: text(json, 'base_model_name_or_path'),
    r: rank('r', json.r ?? DEFAULT_LORA.r),
    lora_alpha: finite('lora_alpha', json.lora_alpha ?? DEFAULT_LORA.lora_alpha),
    lora_dropout: dropout(json.lora_dropout ?? 0),
    target_modules: names(json, 'target_modules'),
    exclude_modules: names(json, 'exclude_modules'),
    use_rslora: flag(json, 'use_rslora'),
    rank_pattern: pattern(json, 'rank_pattern', rank),
    alpha_pattern: pattern(json, 'alpha_pattern', finite),
    layers_to_transform: layers(json.layers_to_transform ?? null),
    layers_pattern: names(json, 'layers_pattern'),
    init_lora_weights: isNew
      ? beginning(json.init_lora_weights ?? true)
      : initialisation(json.init_lora_weights ?? true),
    eva_config: evaConfig(json, isNew),
    fan_in_fan_out: flag(json, 'fan_in_fan_out'),
    bias: biases(json.bias ?? 'none'),
    use_dora: flag(json, 'use_dora'),
    lora_bias: flag(json, 'lora_bias'),
    modules_to_save: moduleNames(json.modules_to_save ?? null),
    trainable_token_indices: tokenIds(json.trainable_token_indices ?? null),
    other: Object.fromEntries(
      Object.entries(json).filter(([key]) => !Object.hasOwn(DEFAULT_LORA, key) || key === 'other'),
    ),
  };
  checkLayers(config);
  checkTogether(config);
  const unknown = Object.keys(config.other).filter((key) => !WITHOUT_EFFECT.includes(key) && !REFUSED.includes(key));
  return {
    config,
    notices: unknown.map((key) => `"${key}" in adapter_config.json is not known here and has no effect`),
  };
}

/** adapter_config.json as every version of PEFT reads it: the old core of keys, sorted, two spaces. */
export function writeLoraConfig(config: LoraConfig): string {
  const { other, ...core } = config;
  // Of the newer keys only what is set: older versions refuse a key that they do not know.
  const { lora_bias, trainable_token_indices, eva_config, ...old } = core;
  const all: Json = {
    ...old,
    inference_mode: true,
    ...(lora_bias && { lora_bias }),
    ...(eva_config !== null && { eva_config }),
    ...(trainable_token_indices !== null && { trainable_token_indices }),
  };
  return `${JSON.stringify(sortKeys(all), undefined, 2)}\n`;
}

function sortKeys(value: unknown): unknown {
  if (!isObject(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sortKeys(value[key])]));
}

function refuseOtherAdapters(json: Json): void {
  if (json.peft_type !== 'LORA') throw bad('peft_type', json.peft_type, '"LORA"');
  for (const key of REFUSED) if (!isEmpty(json[key])) throw bad(key, json[key], 'an adapter without it');
  refuseClassifier(json);
}

/** PEFT refuses these combinations too. */
function checkLayers({ target_modules, layers_to_transform, layers_pattern }: LoraConfig): void {
  if (typeof target_modules === 'string' && (layers_to_transform !== null || layers_pattern !== null)) {
    throw bad('target_modules', target_modules, 'a list of names when layers are chosen');
  }
  if (layers_pattern !== null && layers_pattern.length > 0 && layers_to_transform === null) {
    throw bad('layers_pattern', layers_pattern, 'layers_to_transform beside it');
  }
}

/** PEFT refuses these combinations too. */
export function checkTogether({
  lora_bias,
  use_dora,
  init_lora_weights,
  modules_to_save,
  trainable_token_indices,
}: LoraConfig): void {
  if (lora_bias && use_dora) throw bad('lora_bias', lora_bias, 'it without use_dora');
  if (lora_bias && typeof init_lora_weights === 'string')
    throw bad('lora_bias', lora_bias, 'init_lora_weights true or false beside it');
  if (trainable_token_indices === null || modules_to_save === null) return;
  const tables = Array.isArray(trainable_token_indices) ? ['embed_tokens'] : Object.keys(trainable_token_indices);
  const both = tables.find((name) => modules_to_save.includes(name));
  if (both !== undefined)
    throw bad('trainable_token_indices', trainable_token_indices, `"${both}" there or in modules_to_save, not in both`);
}

function biases(value: unknown): LoraConfig['bias'] {
  if (value === 'none' || value === 'all' || value === 'lora_only') return value;
  throw bad('bias', value, '"none", "all" or "lora_only"');
}

function tokenIds(value: unknown): LoraConfig['trainable_token_indices'] {
  if (value === null) return null;
  const areIds = (ids: unknown): ids is number[] =>
    Array.isArray(ids) &&
    ids.length > 0 &&
    new Set(ids).size === ids.length &&
    ids.every((id) => Number.isInteger(id) && id >= 0);
  if (areIds(value)) return value;
  if (isObject(value) && Object.values(value).every(areIds)) return value as Record<string, number[]>;
  throw bad('trainable_token_indices', value, 'different token ids, or lists of them by embedding');
}

/** Initialisations that are implemented. */
function beginning(value: unknown): boolean | string {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(gaussian|orthogonal|pissa|pissa_niter_\d{1,3}|olora|loftq|eva)$/.test(value))
    return value;
  throw bad(
    'init_lora_weights',
    value,
    'true, false, "gaussian", "orthogonal", "pissa", "pissa_niter_<n>", "olora", "loftq" or "eva"',
  );
}

/** As in PEFT: with "eva" alone, whose defaults are written out. */
function evaConfig(
  { init_lora_weights: init, eva_config: value = null }: Json,
  isNew: boolean,
): LoraConfig['eva_config'] {
  if (init !== 'eva') {
    if (isNew && value !== null) throw bad('eva_config', value, 'init_lora_weights "eva" beside it');
    return null;
  }
  if (isNew || value === null) return parseEvaConfig(value ?? {});
  return isObject(value) ? value : null;
}

function initialisation(value: unknown): boolean | string {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') throw bad('init_lora_weights', value, 'true, false or a name');
  if (BASE_CHANGING_INIT.test(value)) {
    throw bad(
      'init_lora_weights',
      value,
      'an adapter converted to plain LoRA (save_pretrained with path_initial_model_for_weight_conversion)',
    );
  }
  return value;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function rank(key: string, value: unknown): number {
  return size(key, value, MAX_RANK);
}

function dropout(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value < 1) return value;
  throw bad('lora_dropout', value, 'a number from 0 to below 1');
}

function layers(value: unknown): readonly number[] | number | null {
  const isLayer = (n: unknown) => Number.isInteger(n) && (n as number) >= 0;
  if (value === null || isLayer(value)) return value as number | null;
  if (Array.isArray(value) && value.every(isLayer)) return value;
  throw bad('layers_to_transform', value, 'layer numbers or null');
}

function pattern(json: Json, key: string, check: (key: string, value: unknown) => number): Record<string, number> {
  const value = json[key] ?? {};
  if (!isObject(value)) throw bad(key, value, 'numbers by pattern');
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, check(`${key} "${name}"`, entry)]));
}
