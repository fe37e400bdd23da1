// What a run says of its adapter: the method, and the method's own settings under the names of PEFT's config.

import type { BottleneckConfig, PLACEMENTS } from '../lora/methods/bottleneck.ts';
import type { Ia3Config } from '../lora/methods/ia3.ts';
import type { PromptTuningConfig } from '../lora/methods/prompt-tuning.ts';
import type { TrainSettings } from './recipe.ts';

export const METHODS = ['lora', 'ia3', 'prompt-tuning', 'bottleneck'] as const;
export type Method = (typeof METHODS)[number];

/** Fields of an IA3Config that a run can set; what is not said is PEFT's default. */
export const IA3_FIELDS = [
  'target_modules',
  'feedforward_modules',
  'exclude_modules',
  'modules_to_save',
  'init_ia3_weights',
] as const satisfies readonly (keyof Ia3Config)[];
export type Ia3Choice = { readonly [K in (typeof IA3_FIELDS)[number]]?: Ia3Config[K] };

/** Fields of a PromptTuningConfig that a run can set; 20 virtual tokens of random numbers when nothing is said. */
const PROMPT_FIELDS = [
  'num_virtual_tokens',
  'prompt_tuning_init',
  'prompt_tuning_init_text',
] as const satisfies readonly (keyof PromptTuningConfig)[];
export type PromptChoice = { readonly [K in (typeof PROMPT_FIELDS)[number]]?: PromptTuningConfig[K] };

/** What a run can set of AdapterHub's config; `placement` is its SeqBnConfig or DoubleSeqBnConfig, and the others win over it. */
export const BOTTLENECK_FIELDS = [
  'mh_adapter',
  'output_adapter',
  'reduction_factor',
  'non_linearity',
  'original_ln_before',
  'scaling',
  'leave_out',
] as const satisfies readonly (keyof BottleneckConfig)[];
export type BottleneckChoice = { readonly [K in (typeof BOTTLENECK_FIELDS)[number]]?: BottleneckConfig[K] } & {
  readonly placement?: keyof typeof PLACEMENTS;
};

/** Settings that say what the adapter is. */
export type AdapterChoice = Pick<
  TrainSettings,
  'method' | 'rank' | 'alpha' | 'dropout' | 'targets' | 'lora' | 'ia3' | 'promptTuning' | 'bottleneck' | 'loraPlusRatio'
>;

/** Where in the settings a method has its own. */
export const SETTINGS_OF = {
  lora: 'lora',
  ia3: 'ia3',
  'prompt-tuning': 'promptTuning',
  bottleneck: 'bottleneck',
} as const satisfies Record<Method, keyof TrainSettings>;

/** Settings for another method: without what the one before had of its own, and without what LoRA alone has. */
export function forMethod<S extends Partial<TrainSettings>>(settings: S, method: Method) {
  const rest = withoutMethod(settings);
  if (method === 'lora') return rest;
  const { loraPlusRatio: _, loraPlusEmbeddingRate: __, ...others } = rest;
  return { ...others, ...(others.dropout !== undefined && { dropout: 0 }), method, [SETTINGS_OF[method]]: {} };
}

/** Settings without what another adapter would be. */
export function withoutMethod<S extends Partial<TrainSettings>>(
  settings: S,
): Omit<S, 'method' | 'lora' | 'ia3' | 'promptTuning' | 'bottleneck'> {
  const { method: _, lora: __, ia3: ___, promptTuning: ____, bottleneck: _____, ...rest } = settings;
  return rest;
}
