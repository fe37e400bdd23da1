// What a family tells the rest: how to read its config.json, its forward pass, its head. One file a family. Which
// tensors and linears there are follows from the forward pass (model-parts.ts): nothing is said twice.

import type { Value } from '../../gpu/graph.ts';
import type { Weight } from '../../gpu/weight.ts';
import type { FamilyConfig, ModelConfig } from '../config.ts';
import type { ConfigReader } from '../config-reader.ts';
import type { Layers } from '../layers.ts';

export interface Family<C extends ModelConfig = ModelConfig> {
  /** Of config.json; other heads (classifiers) are refused. */
  readonly architecture: string;
  /** First part of every module path but the head's. Some files on the Hub leave it out. */
  readonly prefix: string;
  /** What PEFT takes for `target_modules: null`; undefined where it has no default. */
  readonly defaultTargets: readonly string[] | undefined;
  /** What PEFT takes for IA³ where nothing is said: its targets, and those whose inputs are scaled. */
  readonly ia3Defaults: { readonly targets: readonly string[]; readonly feedforward: readonly string[] } | undefined;
  /** Where AdapterHub's bottleneck adapters sit; absent where its package has none for the family. */
  readonly bottleneckSites?: { readonly blocks: string; readonly attention: string; readonly output: string };
  /** Linears are stored (in,out): PEFT's fan_in_fan_out. */
  readonly fanInFanOut?: boolean;
  /** Throws a RangeError that names the field. */
  parseConfig(json: ConfigReader): FamilyConfig<C>;
  /** Hidden states (C,T) after the final norm. */
  hidden(m: Layers, config: C): Value;
  /** The matrix (V,C) that turns hidden states into logits. */
  head(m: Layers, config: C): Weight;
}

/** PEFT's default for most families. */
export const QUERY_AND_VALUE = ['q_proj', 'v_proj'] as const;
/** Of IA³: two of the attention and the one that ends the feed-forward. */
export const IA3_KEY_VALUE = { targets: ['k_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] } as const;
export const IA3_QUERY_VALUE = { targets: ['q_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] } as const;
