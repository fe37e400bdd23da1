// What an adapter's config can be: one kind for each method. PEFT tells them apart by peft_type; AdapterHub's has none.

import { bad, type Json } from './config-fields.ts';
import { type LoraConfig, parseLoraConfig, WITHOUT_EFFECT, writeLoraConfig } from './lora-config.ts';
import {
  type BottleneckConfig,
  isAdapterHub,
  parseBottleneckConfig,
  writeBottleneckConfig,
} from './methods/bottleneck.ts';
import { type Ia3Config, parseIa3Config } from './methods/ia3.ts';
import { type PromptTuningConfig, parsePromptConfig } from './methods/prompt-tuning.ts';

export type AdapterConfig = LoraConfig | Ia3Config | PromptTuningConfig | BottleneckConfig;

/** As people call them. */
const METHOD_NAMES = {
  LORA: 'LoRA',
  IA3: 'IA³',
  PROMPT_TUNING: 'prompt tuning',
  BOTTLENECK: 'bottleneck adapters',
} as const satisfies Record<AdapterConfig['peft_type'], string>;

export function methodName({ peft_type }: Pick<AdapterConfig, 'peft_type'>): string {
  return METHOD_NAMES[peft_type];
}

/**
 * Reads adapter_config.json of any method. `notices` name keys that PEFT 0.21 does not know. Throws a RangeError that names the
 * field, and the methods there are where it is another one.
 */
export function parseAdapterConfig(json: Json): {
  readonly config: AdapterConfig;
  readonly notices: readonly string[];
} {
  if (isAdapterHub(json)) return withNotices(parseBottleneckConfig(json));
  switch (json.peft_type) {
    case 'LORA':
      return parseLoraConfig(json);
    case 'IA3':
      return withNotices(parseIa3Config(json));
    case 'PROMPT_TUNING':
      return withNotices(parsePromptConfig(json));
    default:
      throw bad('peft_type', json.peft_type, '"LORA", "IA3" or "PROMPT_TUNING"');
  }
}

function withNotices(config: Exclude<AdapterConfig, LoraConfig>) {
  const unknown = Object.keys(config.other).filter((key) => !WITHOUT_EFFECT.includes(key));
  return { config, notices: unknown.map(unknownKey) };
}

function unknownKey(key: string): string {
  return `"${key}" in adapter_config.json is not known here and has no effect`;
}

/** adapter_config.json as every version of PEFT reads it: sorted, two spaces. */
export function writeAdapterConfig(config: AdapterConfig): string {
  if (config.peft_type === 'LORA') return writeLoraConfig(config);
  if (config.peft_type === 'BOTTLENECK') return writeBottleneckConfig(config);
  const { other: _, ...own } = config;
  const all: Json = { ...own, inference_mode: true };
  return `${JSON.stringify(Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))), undefined, 2)}\n`;
}
