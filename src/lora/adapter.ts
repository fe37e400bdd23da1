// An adapter in memory: its config and what it changes in a base, all in f32. At most linears a LoRA is just its factors:
//   y += scaling · B·(A·x)
// plus whatever its config asks for: magnitudes (DoRA), biases of B, parameters of the base that were trained in full
// (modules_to_save, bias), and rows of the embedding. Adapters of other methods (methods/) have no such modules.

import { type AdapterConfig, methodName } from './adapter-config.ts';
import type { LoraConfig } from './lora-config.ts';
import type { Target } from './match-targets.ts';
import { type Bottleneck, bottleneckTensors } from './methods/bottleneck.ts';
import type { Ia3Module } from './methods/ia3.ts';
import type { SoftPrompt } from './methods/prompt-tuning.ts';

export interface AdapterModule extends Target {
  /** (r, inFeatures) row-major. Of an embedding: lora_embedding_A (r, rows of the table). */
  readonly a: Float32Array;
  /** (outFeatures, r) row-major. Of an embedding: lora_embedding_B (width, r). */
  readonly b: Float32Array;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly isEmbedding?: boolean;
  /** DoRA's m (outFeatures). */
  readonly magnitude?: Float32Array;
  /** lora_B.bias (outFeatures), scaled as B is. */
  readonly loraBias?: Float32Array;
  /** What pissa and olora subtract from the base while training: y = (W - s·B₀·A₀)·x + s·B·A·x. Not trained itself. */
  readonly start?: { readonly a: Float32Array; readonly b: Float32Array };
}

/** A parameter of the base that takes the place of the base's own. */
export interface SavedTensor {
  /** As the device has it: (out, in) of a matrix. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** A matrix that files store transposed (GPT-2's Conv1D). */
  readonly transposed?: boolean;
}

/** Rows of a token embedding that take the place of the base's (trainable_token_indices). */
export interface TokenRows {
  readonly ids: readonly number[];
  readonly columns: number;
  /** (ids, columns) row-major, in the order of `ids`. */
  readonly rows: Float32Array;
}

export interface Adapter {
  readonly config: AdapterConfig;
  /** The base's name on the Hub, or whatever the user called its folder. */
  readonly baseName: string | undefined;
  /** LoRA's, by module path ("model.layers.0.self_attn.q_proj"); of another method there are none. */
  readonly modules: ReadonlyMap<string, AdapterModule>;
  /** By the parameter's name in the base ("lm_head.weight", "model.norm.weight"). */
  readonly saved?: ReadonlyMap<string, SavedTensor>;
  /** By the embedding's path ("model.embed_tokens"). */
  readonly tokens?: ReadonlyMap<string, TokenRows>;
  /** IA³'s factors, by module path. */
  readonly ia3?: ReadonlyMap<string, Ia3Module>;
  /** Prompt tuning's rows. */
  readonly prompt?: SoftPrompt;
  /** AdapterHub's, by the path of the linear that they sit behind. */
  readonly bottlenecks?: ReadonlyMap<string, Bottleneck>;
}

export interface LoraAdapter extends Adapter {
  readonly config: LoraConfig;
}

/** The adapter, where it is a LoRA. Throws a RangeError for other methods: "Cannot <action>: found …". */
export function asLora(adapter: Adapter, action: string): LoraAdapter {
  const { config } = adapter;
  if (config.peft_type === 'LORA') return { ...adapter, config };
  throw new RangeError(`Cannot ${action}: found an adapter of ${methodName(config)}, need a LoRA`);
}

/** [out, in] features of every linear of a model, by module path. */
export type LinearShapes = ReadonlyMap<string, readonly [number, number]>;

/** Throws when a tensor has the wrong size (TypeError) or holds NaN or infinity (RangeError), by path. */
export function checkAdapter(adapter: Adapter): void {
  for (const [path, { r, a, b, inFeatures, outFeatures, magnitude, loraBias }] of adapter.modules) {
    checkTensor(`${path}.lora_A`, a, r, inFeatures);
    checkTensor(`${path}.lora_B`, b, outFeatures, r);
    if (magnitude) checkTensor(`${path}.lora_magnitude_vector`, magnitude, 1, outFeatures);
    if (loraBias) checkTensor(`${path}.lora_B.bias`, loraBias, 1, outFeatures);
  }
  for (const [name, { shape, values }] of adapter.saved ?? []) {
    const [rows, columns] = shape.length > 1 ? [shape[0]!, shape[1]!] : [1, shape[0]!];
    checkTensor(name, values, rows, columns);
  }
  for (const [path, { ids, columns, rows }] of adapter.tokens ?? [])
    checkTensor(`${path}.trainable_tokens_delta`, rows, ids.length, columns);
  for (const [path, { values, isFeedforward, inFeatures, outFeatures }] of adapter.ia3 ?? [])
    checkTensor(`${path}.ia3_l`, values, 1, isFeedforward ? inFeatures : outFeatures);
  for (const bottleneck of adapter.bottlenecks?.values() ?? [])
    for (const [part, name, [rows, columns = 1]] of bottleneckTensors(bottleneck))
      checkTensor(`${bottleneck.prefix}.${name}`, bottleneck.tensors[part], rows, columns);
  const { prompt } = adapter;
  if (prompt) checkTensor('prompt_embeddings', prompt.rows, prompt.count, prompt.columns);
}

/** What an adapter has beside the factors of linears, in words; undefined for a plain LoRA. */
export function beyondFactors({ modules, saved, tokens }: Adapter): string | undefined {
  for (const [path, module] of modules) {
    if (module.isEmbedding) return `LoRA on the embedding "${path}"`;
    if (module.magnitude) return `magnitudes of DoRA ("${path}")`;
    if (module.loraBias) return `biases of B ("${path}")`;
  }
  const [first] = saved?.keys() ?? [];
  if (first !== undefined) return `parameters trained in full ("${first}")`;
  return tokens && tokens.size > 0 ? 'rows of the embedding (trainable_token_indices)' : undefined;
}

function checkTensor(name: string, values: Float32Array, rows: number, columns: number): void {
  if (values.length !== rows * columns) {
    throw new TypeError(`Cannot use "${name}": found ${values.length} numbers, need ${rows} × ${columns}`);
  }
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const place = `[${Math.floor(at / columns)}, ${at % columns}]`;
  throw new RangeError(`Cannot use "${name}": found ${values[at]} at ${place}, need finite numbers`);
}
