// What a run says of its adapter beside rank, alpha, dropout and targets: PEFT's LoraConfig under its own names, and LoRA+.

import { checkTogether, DEFAULT_LORA, type LoraConfig, parseLoraConfig } from '../lora/lora-config.ts';
import type { OptimizerGroups } from './optimizer.ts';
import type { TrainSettings } from './recipe.ts';

/** Fields of a LoraConfig that a run can set beside those that are settings of their own. */
export const LORA_FIELDS = [
  'target_modules',
  'exclude_modules',
  'layers_to_transform',
  'layers_pattern',
  'rank_pattern',
  'alpha_pattern',
  'use_rslora',
  'use_dora',
  'lora_bias',
  'bias',
  'init_lora_weights',
  'eva_config',
  'modules_to_save',
  'trainable_token_indices',
] as const satisfies readonly (keyof LoraConfig)[];

/** What is not said is PEFT's default; target_modules (a regular expression, or names) wins over `targets`. */
export type LoraChoice = { readonly [K in (typeof LORA_FIELDS)[number]]?: LoraConfig[K] };

/** PEFT's default for LoRA on embeddings under LoRA+ (loraplus_lr_embedding). */
const LORAPLUS_EMBEDDING_RATE = 1e-6;

/** The config of a new adapter. Throws a RangeError that names the field. */
export function loraConfigOf(
  { rank, alpha, dropout, targets, lora }: Pick<TrainSettings, 'rank' | 'alpha' | 'dropout' | 'targets' | 'lora'>,
  base: { readonly name?: string; readonly fanInFanOut?: boolean | undefined } = {},
): LoraConfig {
  const { config } = parseLoraConfig(
    {
      peft_type: 'LORA',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: base.name ?? null,
      r: rank,
      lora_alpha: alpha,
      lora_dropout: dropout,
      target_modules: targets,
      fan_in_fan_out: base.fanInFanOut ?? false,
      ...lora,
    },
    { isNew: true },
  );
  checkTogether(config);
  return { ...config, other: {} };
}

/** What of a config is not PEFT's default, as a run would say it; how the adapter was begun no longer matters. */
export function loraChoiceOf(config: LoraConfig): LoraChoice | undefined {
  const told = LORA_FIELDS.filter(
    (key) =>
      key !== 'target_modules' &&
      key !== 'init_lora_weights' &&
      key !== 'eva_config' &&
      JSON.stringify(config[key]) !== JSON.stringify(DEFAULT_LORA[key]),
  );
  if (told.length === 0) return undefined;
  return Object.fromEntries(told.map((key) => [key, config[key]])) as LoraChoice;
}

/** A reader's sentence without what it was doing: "found r 0, need …". */
export function withoutAction({ message }: Error): string {
  return message.replace(/^Cannot [^:]+: /, '');
}

/** How the optimiser tells an adapter's tensors apart. */
export function optimizerGroups({
  weightDecay,
  learningRate,
  loraPlusRatio,
  loraPlusEmbeddingRate = LORAPLUS_EMBEDDING_RATE,
}: Pick<TrainSettings, 'weightDecay' | 'learningRate' | 'loraPlusRatio' | 'loraPlusEmbeddingRate'>): OptimizerGroups {
  if (loraPlusRatio === undefined) return { weightDecay };
  // The schedule multiplies every group's own rate.
  const embedding = learningRate > 0 ? loraPlusEmbeddingRate / learningRate : 0;
  return { weightDecay, loraPlus: { a: 1, b: loraPlusRatio, embedding } };
}
