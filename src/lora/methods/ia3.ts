// IA³ (Liu et al. 2022, "Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning"): each output of
// a linear is multiplied by a trained factor l; at feed-forward modules each input is. Names, shapes and rules are PEFT's.
//
//   y = l ⊙ (W·x + b)              ….ia3_l (out,1)
//   y = W·(l ⊙ x) + b              ….ia3_l (1,in), of feedforward_modules
//
// It begins with ones: the model as it was. Merged, l goes into the rows of W and into b, or into W's columns.

import type { Graph, Value } from '../../gpu/graph.ts';
import { scaleRows } from '../../gpu/kernels/scale-rows.ts';
import type { LinearCall, ParameterSource } from '../../model/layers.ts';
import { bad, flag, type Json, moduleNames, names, refuseClassifier, text } from '../config-fields.ts';
import { DEFAULT_LORA } from '../lora-config.ts';
import { resolveTargets } from '../match-targets.ts';
import { pythonRegExp } from '../python-regexp.ts';

export interface Ia3Config {
  readonly peft_type: 'IA3';
  readonly task_type: string | null;
  readonly base_model_name_or_path: string | null;
  /** Names, a regular expression over whole paths, "all-linear", or null for the model type's default. */
  readonly target_modules: readonly string[] | string | null;
  readonly exclude_modules: readonly string[] | string | null;
  /** Which of the targets have their inputs scaled: ends of paths, or a regular expression; null: the model type's default. */
  readonly feedforward_modules: readonly string[] | string | null;
  readonly fan_in_fan_out: boolean;
  readonly modules_to_save: readonly string[] | null;
  /** False: random factors at the start. */
  readonly init_ia3_weights: boolean;
  /** Everything else that the file said; without effect, and not written again. */
  readonly other: Readonly<Record<string, unknown>>;
}

/** PEFT's defaults: what a key that is absent means. */
export const DEFAULT_IA3: Ia3Config = {
  peft_type: 'IA3',
  task_type: null,
  base_model_name_or_path: null,
  target_modules: null,
  exclude_modules: null,
  feedforward_modules: null,
  fan_in_fan_out: false,
  modules_to_save: null,
  init_ia3_weights: true,
  other: {},
};

/** What PEFT takes where target_modules and feedforward_modules are null. */
export interface Ia3Defaults {
  readonly targets: readonly string[];
  readonly feedforward: readonly string[];
}

/** Factors of a linear's outputs, or of its inputs. */
export interface Ia3Shape {
  readonly isFeedforward: boolean;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

export interface Ia3Module extends Ia3Shape {
  /** l: (outFeatures), or (inFeatures) of a feed-forward module. */
  readonly values: Float32Array;
}

/** Reads adapter_config.json. Throws a RangeError by field. */
export function parseIa3Config(json: Json): Ia3Config {
  if (json.peft_type !== 'IA3') throw bad('peft_type', json.peft_type, '"IA3"');
  refuseClassifier(json);
  const config: Ia3Config = {
    peft_type: 'IA3',
    task_type: text(json, 'task_type'),
    base_model_name_or_path: text(json, 'base_model_name_or_path'),
    target_modules: names(json, 'target_modules'),
    exclude_modules: names(json, 'exclude_modules'),
    feedforward_modules: names(json, 'feedforward_modules'),
    fan_in_fan_out: flag(json, 'fan_in_fan_out'),
    modules_to_save: moduleNames(json.modules_to_save ?? null),
    init_ia3_weights: flag(json, 'init_ia3_weights', true),
    other: Object.fromEntries(Object.entries(json).filter(([key]) => !Object.hasOwn(DEFAULT_IA3, key))),
  };
  const { target_modules: targets, feedforward_modules: feedforward } = config;
  // PEFT refuses this too.
  const stray = Array.isArray(targets) && Array.isArray(feedforward) && feedforward.find((n) => !targets.includes(n));
  if (stray) throw bad('feedforward_modules', feedforward, `"${stray}" among target_modules as well`);
  return config;
}

/** Where the factors sit, in the order of the model. Throws a RangeError when nothing matches. */
export function placeIa3(
  config: Ia3Config,
  linears: ReadonlyMap<string, readonly [number, number]>,
  defaults: Ia3Defaults | undefined,
  head?: { readonly path: string; readonly shape: readonly [number, number] },
): Map<string, Ia3Shape> {
  const { target_modules, exclude_modules, modules_to_save } = config;
  const others = head && { embeddings: [], head: head.path };
  const matching = { ...DEFAULT_LORA, target_modules, exclude_modules, modules_to_save };
  const targets = resolveTargets(matching, linears.keys(), defaults?.targets, others);
  const isFeedforward = isFeedforwardOf(config.feedforward_modules ?? defaults?.feedforward);
  return new Map(
    [...targets.keys()].map((path) => {
      const [outFeatures, inFeatures] = linears.get(path) ?? head!.shape;
      return [path, { isFeedforward: isFeedforward(path), inFeatures, outFeatures }];
    }),
  );
}

/** Whether the inputs of a target are scaled. PEFT compares plain ends of paths here, not whole names: "c_proj" is "attn.c_proj" too. */
export function isFeedforwardOf(chosen: readonly string[] | string | undefined): (path: string) => boolean {
  if (chosen === undefined)
    throw new RangeError(
      'Cannot place the adapter: found feedforward_modules null, need names (PEFT has no default for this model)',
    );
  if (typeof chosen !== 'string') return (path) => chosen.some((name) => path.endsWith(name));
  const whole = pythonRegExp(chosen, (source) => `^(?:${source})$`);
  return (path) => whole.test(path);
}

/** Factors that stand side by side at one linear, each with the strength of each token; without: all of it, as in training. */
export interface Ia3Part extends Pick<Ia3Shape, 'isFeedforward'> {
  readonly l: Value;
  readonly strength?: Value | undefined;
}

/** The linear with its factors. `source`: parameters in the place of the base's. */
export function ia3Linear(g: Graph, call: LinearCall, parts: readonly Ia3Part[], source?: ParameterSource): Value {
  let { x } = call;
  for (const { l, strength } of parts.filter((part) => part.isFeedforward)) x = scaleRows(g, x, l, { strength });
  const outer = parts.filter((part) => !part.isFeedforward);
  let y = call.product(x, outer.length > 0 ? undefined : call.addend, source);
  for (const [i, { l, strength }] of outer.entries())
    y = scaleRows(g, y, l, { strength, addend: i === outer.length - 1 ? call.addend : undefined });
  return y;
}

/** Rows (rowBegin…, columns) of W become those with the factors in them. */
export function mergeIa3Rows({ values, isFeedforward, inFeatures }: Ia3Module, rows: Float32Array, rowBegin: number) {
  for (let i = 0; i < rows.length; i++) {
    const row = rowBegin + Math.floor(i / inFeatures);
    rows[i] = rows[i]! * values[isFeedforward ? i % inFeatures : row]!;
  }
}

/** The bias of the linear: scaled with the outputs. */
export function mergeIa3Bias({ values, isFeedforward }: Ia3Module, bias: Float32Array): Float32Array {
  return isFeedforward ? bias : bias.map((value, i) => value * values[i]!);
}
