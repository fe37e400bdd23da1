// The settings of a run → the config of its adapter, and back.

import type { AdapterConfig } from '../lora/adapter-config.ts';
import { DEFAULT_REDUCTION, PLACEMENTS, parseBottleneckConfig } from '../lora/methods/bottleneck.ts';
import { DEFAULT_IA3, parseIa3Config } from '../lora/methods/ia3.ts';
import { DEFAULT_PROMPT, parsePromptConfig } from '../lora/methods/prompt-tuning.ts';
import { type AdapterChoice, BOTTLENECK_FIELDS, IA3_FIELDS, METHODS, SETTINGS_OF } from './adapter-settings.ts';
import { loraChoiceOf, loraConfigOf } from './lora-settings.ts';

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
