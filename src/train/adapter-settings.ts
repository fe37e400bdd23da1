// What a run says of its adapter: the method, and the method's own settings under the names of PEFT's config.

import type { AdapterConfig } from '../lora/adapter-config.ts';
import {
  type BottleneckConfig,
  DEFAULT_REDUCTION,
  PLACEMENTS,
  parseBottleneckConfig,
} from '../lora/methods/bottleneck.ts';
import { DEFAULT_IA3, type Ia3Config, parseIa3Config } from '../lora/methods/ia3.ts';
import { DEFAULT_PROMPT, type PromptTuningConfig, parsePromptConfig } from '../lora/methods/prompt-tuning.ts';
import { loraChoiceOf, loraConfigOf } from './lora-settings.ts';
import type { TrainSettings } from './recipe.ts';

export const METHODS = ['lora', 'ia3', 'prompt-tuning', 'bottleneck'] as const;
export type Method = (typeof METHODS)[number];

/** Fields of an IA3Config that a run can set; what is not said is PEFT's default. */
const IA3_FIELDS = [
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
const BOTTLENECK_FIELDS = [
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

export interface NamedBase {
  readonly name?: string;
  readonly fanInFanOut?: boolean | undefined;
}

/** The config of a new adapter. Throws a RangeError that names the field, or a setting of another method. */
export function adapterConfigOf(choice: AdapterChoice, base: NamedBase = {}): AdapterConfig {
  const { method = 'lora' } = choice;
  for (const other of METHODS)
    if (other !== method && choice[SETTINGS_OF[other]] !== undefined)
      throw bad(`settings of ${other}`, `none beside method "${method}"`);
  if (method === 'lora') return loraConfigOf(choice, base);
  if (choice.dropout > 0) throw bad(`dropout ${choice.dropout} with method "${method}"`, '0: LoRA alone has it');
  if (choice.loraPlusRatio !== undefined)
    throw bad(`loraPlusRatio ${choice.loraPlusRatio} with method "${method}"`, 'none: LoRA alone has it');
  const common = { task_type: 'CAUSAL_LM', base_model_name_or_path: base.name ?? null };
  if (method === 'bottleneck') {
    const { placement = 'pfeiffer', ...own } = choice.bottleneck ?? {};
    const config = { reduction_factor: DEFAULT_REDUCTION, ...PLACEMENTS[placement], ...own };
    return parseBottleneckConfig({ name: 'graft', model_name: base.name ?? null, config });
  }
  if (method === 'prompt-tuning') {
    const { num_virtual_tokens } = DEFAULT_PROMPT;
    const own = { num_virtual_tokens, ...choice.promptTuning };
    return parsePromptConfig({ ...common, peft_type: 'PROMPT_TUNING', ...own }, { isNew: true });
  }
  return parseIa3Config({
    ...common,
    peft_type: 'IA3',
    fan_in_fan_out: base.fanInFanOut ?? false,
    ...choice.ia3,
  });
}

function bad(found: string, need: string): RangeError {
  return new RangeError(`Cannot make the adapter: found ${found}, need ${need}`);
}

/** The settings of a run that goes on with an adapter of this config; targets of a LoRA are left to the caller. */
export function choiceOf(config: AdapterConfig): Partial<AdapterChoice> {
  switch (config.peft_type) {
    case 'LORA': {
      const lora = loraChoiceOf(config);
      return { rank: config.r, alpha: config.lora_alpha, ...(lora && { lora }) };
    }
    case 'IA3': {
      const told = IA3_FIELDS.filter(
        (key) => key !== 'init_ia3_weights' && JSON.stringify(config[key]) !== JSON.stringify(DEFAULT_IA3[key]),
      );
      return { method: 'ia3', ia3: Object.fromEntries(told.map((key) => [key, config[key]])) };
    }
    case 'BOTTLENECK':
      return {
        method: 'bottleneck',
        bottleneck: Object.fromEntries(BOTTLENECK_FIELDS.map((key) => [key, config[key]])),
      };
    case 'PROMPT_TUNING':
      return { method: 'prompt-tuning', promptTuning: { num_virtual_tokens: config.num_virtual_tokens } };
  }
}

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
