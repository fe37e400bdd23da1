// Bottleneck adapters as AdapterHub's package has them: behind attention or feed-forward, a small layer down, a nonlinearity, a
// layer up, and round them a residual. With h what the part of the block gives, x the residual stream and z = x + h:
//
//   Pfeiffer et al. 2020   y = z + s·(U·f(D·z + d) + u)      behind the feed-forward        (original_ln_before)
//   Houlsby et al. 2019    y = z + s·(U·f(D·h + d) + u)      behind both
//
//   <layer>.attention_adapters.adapters.<name>.adapter_down.0.weight (r,H) .bias (r) · adapter_up.weight (H,r) .bias (H)
//   <layer>.output_adapters.adapters.<name>.…
//
// It sits at the linear that ends a part of a block, where the residual is added. No weight of the base can take it up.

import type { Graph, Value } from '../../gpu/graph.ts';
import { type Activation, activation } from '../../gpu/kernels/activation.ts';
import { add } from '../../gpu/kernels/add.ts';
import { addRows } from '../../gpu/kernels/add-rows.ts';
import { matmul } from '../../gpu/kernels/matmul.ts';
import { scaleColumns } from '../../gpu/kernels/scale-columns.ts';
import { factorWeight } from '../../gpu/weight.ts';
import type { LinearCall, ParameterSource } from '../../model/layers.ts';
import { isObject } from '../../model/model-file.ts';
import { bad, finite, flag, type Json, text } from '../config-fields.ts';

/** By AdapterHub's names (transformers' ACT2FN). */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  relu: 'relu',
  swish: 'silu',
  silu: 'silu',
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
};
export const NON_LINEARITIES = Object.keys(ACTIVATIONS);

export interface BottleneckConfig {
  /** Ours: AdapterHub's configs have none. */
  readonly peft_type: 'BOTTLENECK';
  readonly task_type: null;
  /** model_name of the file. */
  readonly base_model_name_or_path: string | null;
  /** Of the adapter; it is part of every tensor's name. */
  readonly name: string;
  readonly mh_adapter: boolean;
  readonly output_adapter: boolean;
  /** Width divided by this is the bottleneck; by layer number, with a "default". */
  readonly reduction_factor: number | Readonly<Record<string, number>>;
  readonly non_linearity: string;
  readonly original_ln_before: boolean;
  readonly scaling: number;
  readonly leave_out: readonly number[];
  /** What AdapterHub's file says of the base. */
  readonly base:
    | { readonly model_type: string; readonly model_class: string; readonly hidden_size: number }
    | undefined;
  readonly other: Readonly<Record<string, unknown>>;
}

/** AdapterHub's SeqBnConfig and DoubleSeqBnConfig. */
export const PLACEMENTS = {
  pfeiffer: { mh_adapter: false, output_adapter: true, original_ln_before: true, non_linearity: 'relu' },
  houlsby: { mh_adapter: true, output_adapter: true, original_ln_before: false, non_linearity: 'swish' },
} as const;
export const DEFAULT_REDUCTION = 16;

/** Where a family's blocks have room for them; only of the families that AdapterHub's package knows. */
export interface BottleneckSites {
  /** Path of the list of blocks. */
  readonly blocks: string;
  /** The linears that end the two parts, within a block. */
  readonly attention: string;
  readonly output: string;
}

export interface BottleneckShape {
  /** Of its tensors' names. */
  readonly prefix: string;
  /** H */
  readonly width: number;
  /** r */
  readonly size: number;
  /** It sees z, not h. */
  readonly isOnSum: boolean;
  readonly activation: Activation;
  readonly scaling: number;
}

export const BOTTLENECK_PARTS = ['down', 'down_bias', 'up', 'up_bias'] as const;
export type BottleneckPart = (typeof BOTTLENECK_PARTS)[number];

export interface Bottleneck extends BottleneckShape {
  readonly tensors: Readonly<Record<BottleneckPart, Float32Array>>;
}

/** Name (behind the prefix) and shape of each tensor. */
export function bottleneckTensors({ width, size }: BottleneckShape) {
  return [
    ['down', 'adapter_down.0.weight', [size, width]],
    ['down_bias', 'adapter_down.0.bias', [size]],
    ['up', 'adapter_up.weight', [width, size]],
    ['up_bias', 'adapter_up.bias', [width]],
  ] as const;
}

/** What changes the result and is not computed: each with the value that it has to have. */
const NEEDED = {
  original_ln_after: true,
  residual_before_ln: true,
  ln_before: false,
  ln_after: false,
  is_parallel: false,
  use_gating: false,
  phm_layer: false,
  cross_adapter: false,
  inv_adapter: null,
  dropout: 0,
  stochastic_depth: 0,
} as const;
const KNOWN = [...Object.keys(NEEDED), 'mh_adapter', 'output_adapter', 'reduction_factor', 'non_linearity'];
const ALSO_KNOWN = ['original_ln_before', 'scaling', 'leave_out', 'init_weights', 'init_weights_seed', 'architecture'];
/** Of parts that are refused. */
const IDLE = /^(phm_|factorized_phm|shared_|learn_phm|hypercomplex_|inv_adapter_|adapter_residual_before_ln)/;

/** True for AdapterHub's adapter_config.json. */
export function isAdapterHub(json: Json): boolean {
  return json.peft_type === undefined && isObject(json.config);
}

/** Reads AdapterHub's adapter_config.json. Throws a RangeError by field. */
export function parseBottleneckConfig(json: Json): BottleneckConfig {
  const own = json.config as Json;
  if (own.architecture !== undefined && own.architecture !== null)
    throw bad('architecture', own.architecture, 'a bottleneck adapter, which has none');
  for (const [key, need] of Object.entries(NEEDED))
    if ((own[key] ?? need) !== need) throw bad(key, own[key], JSON.stringify(need));
  const { model_type, model_class, hidden_size } = json;
  const config: BottleneckConfig = {
    peft_type: 'BOTTLENECK',
    task_type: null,
    base_model_name_or_path: text(json, 'model_name'),
    name: nameOf(json.name),
    mh_adapter: flag(own, 'mh_adapter'),
    output_adapter: flag(own, 'output_adapter'),
    reduction_factor: reduction(own.reduction_factor),
    non_linearity: nonLinearity(own.non_linearity),
    original_ln_before: flag(own, 'original_ln_before'),
    scaling: finite('scaling', own.scaling ?? 1),
    leave_out: layers(own.leave_out ?? []),
    base:
      typeof model_type === 'string' && typeof model_class === 'string' && typeof hidden_size === 'number'
        ? { model_type, model_class, hidden_size }
        : undefined,
    other: Object.fromEntries(
      Object.entries(own).filter(([key]) => ![...KNOWN, ...ALSO_KNOWN].includes(key) && !IDLE.test(key)),
    ),
  };
  if (!config.mh_adapter && !config.output_adapter)
    throw bad('mh_adapter', false, 'it or output_adapter, else the adapter is nowhere');
  return config;
}

function nameOf(value: unknown): string {
  if (typeof value === 'string' && /^[^.]{1,200}$/.test(value)) return value;
  throw bad('name', value, 'a name without dots');
}

function reduction(value: unknown): BottleneckConfig['reduction_factor'] {
  const isFactor = (n: unknown): n is number => typeof n === 'number' && Number.isFinite(n) && n > 0;
  if (isFactor(value)) return value;
  if (isObject(value) && Object.values(value).every(isFactor)) return value as Record<string, number>;
  throw bad('reduction_factor', value, 'a number above 0, or such numbers by layer');
}

function nonLinearity(value: unknown): string {
  const name = String(value).toLowerCase();
  if (typeof value === 'string' && Object.hasOwn(ACTIVATIONS, name)) return name;
  throw bad('non_linearity', value, `one of ${NON_LINEARITIES.join(', ')}`);
}

function layers(value: unknown): readonly number[] {
  if (Array.isArray(value) && value.every((n) => Number.isInteger(n) && n >= 0)) return value;
  throw bad('leave_out', value, 'numbers of layers');
}

/** adapter_config.json as AdapterHub's package reads it. */
export function writeBottleneckConfig(config: BottleneckConfig): string {
  const { name, mh_adapter, output_adapter, reduction_factor, non_linearity } = config;
  const { original_ln_before, scaling, leave_out, base } = config;
  const own = {
    adapter_residual_before_ln: false,
    ...NEEDED,
    leave_out,
    mh_adapter,
    non_linearity,
    original_ln_before,
    output_adapter,
    reduction_factor,
    scaling,
  };
  const all = {
    config: sorted(own),
    ...base,
    model_name: config.base_model_name_or_path,
    name,
    version: 'adapters.1.3.0',
  };
  // Python has whole numbers apart, and the package takes a scaling only as a float.
  return `${JSON.stringify(sorted(all), undefined, 2).replace(/("scaling": -?\d+)(?=[,\n])/, '$1.0')}\n`;
}

function sorted(fields: object): object {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where they sit, by the path of the linear. Throws a RangeError when the base has no place for them. */
export function placeBottlenecks(
  config: BottleneckConfig,
  linears: ReadonlyMap<string, readonly [number, number]>,
  sites: BottleneckSites | undefined,
): Map<string, BottleneckShape> {
  if (sites === undefined)
    throw new RangeError(
      'Cannot place the adapter: found a bottleneck adapter, need a base of a family that AdapterHub has them for (llama, mistral, gpt2)',
    );
  const placed = new Map<string, BottleneckShape>();
  const { reduction_factor: factors, leave_out, name, original_ln_before, non_linearity, scaling } = config;
  for (const [path, [width]] of linears) {
    const layer = Number(path.slice(sites.blocks.length + 1).split('.')[0]);
    const block = `${sites.blocks}.${layer}`;
    const isAttention = path === `${block}.${sites.attention}`;
    if (!isAttention && path !== `${block}.${sites.output}`) continue;
    if (!(isAttention ? config.mh_adapter : config.output_adapter) || leave_out.includes(layer)) continue;
    const factor = typeof factors === 'number' ? factors : (factors[layer] ?? factors.default);
    if (factor === undefined) throw bad('reduction_factor', factors, `one for layer ${layer}, or a "default"`);
    placed.set(path, {
      prefix: `${block}.${isAttention ? 'attention' : 'output'}_adapters.adapters.${name}`,
      width,
      size: Math.max(1, Math.floor(width / factor)),
      isOnSum: original_ln_before,
      activation: ACTIVATIONS[non_linearity]!,
      scaling,
    });
  }
  if (placed.size > 0) return placed;
  throw new RangeError('Cannot place the adapter: found no block of this base for it, need at least one');
}

/** Its tensors on a graph. */
export interface BottleneckValues {
  readonly shape: BottleneckShape;
  readonly of: (part: BottleneckPart) => Value;
}

/** f(D·input + d) (r,T) */
function narrow(g: Graph, { shape, of }: BottleneckValues, input: Value): Value {
  const u = matmul(g, factorWeight(of('down')), input, { bias: of('down_bias') });
  return activation(g, u, shape.activation, { label: `${shape.prefix} ${shape.activation}` });
}

/** The linear with the residual and the adapter, in training. `source`: parameters in the place of the base's. */
export function bottleneckLinear(
  g: Graph,
  call: LinearCall,
  values: BottleneckValues,
  source?: ParameterSource,
): Value {
  const { shape, of } = values;
  const own = shape.isOnSum ? call.run(source) : call.product(call.x, undefined, source);
  const a = narrow(g, values, own);
  const y = matmul(g, factorWeight(of('up')), a, { addend: own, scale: shape.scaling });
  const result = addRows(g, y, of('up_bias'), shape.scaling);
  return call.addend === undefined || shape.isOnSum ? result : add(g, result, call.addend);
}

/** What the adapter adds to y, the linear's result with its residual, in place, by the strength of each token. No gradient. */
export function addBottleneck(g: Graph, call: LinearCall, y: Value, values: BottleneckValues, strength: Value): Value {
  const { shape, of } = values;
  const input = shape.isOnSum || call.addend === undefined ? y : call.product(call.x, undefined);
  const a = scaleColumns(g, narrow(g, values, input), strength);
  const sum = matmul(g, factorWeight(of('up')), a, { into: y, scale: shape.scaling });
  return addRows(g, sum, of('up_bias'), shape.scaling, strength);
}
