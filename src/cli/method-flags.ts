// What graft train's flags say of the method: LoRA's variants, IA³, prompt tuning, bottleneck adapters.

import {
  type BottleneckChoice,
  type Ia3Choice,
  type Method,
  PROMPT_INITS,
  type PromptChoice,
  type TrainSettings,
} from '../engine/node.ts';
import { type Parsed, UsageError } from './usage.ts';

export const METHOD_FLAGS = {
  method: { type: 'string' },
  'feedforward-modules': { type: 'string' },
  'virtual-tokens': { type: 'string' },
  'prompt-text': { type: 'string' },
  'prompt-init': { type: 'string' },
  placement: { type: 'string' },
  reduction: { type: 'string' },
  rank: { type: 'string' },
  alpha: { type: 'string' },
  targets: { type: 'string' },
  rslora: { type: 'boolean' },
  dora: { type: 'boolean' },
  bias: { type: 'string' },
  init: { type: 'string' },
  'modules-to-save': { type: 'string' },
  'loraplus-ratio': { type: 'string' },
  dropout: { type: 'string' },
} as const;

/** What the method has of its own. Another method's own, from a recipe, is left behind; another method's flags are refused. */
export function readMethod(flags: Parsed, from: TrainSettings, method: Method): Partial<TrainSettings> {
  for (const [of, names] of Object.entries(FLAGS_OF) as [Method, readonly FlagName[]][]) {
    const found = of === method ? undefined : names.find((name) => flags.has(name) || flags.text(name) !== undefined);
    if (found !== undefined && !FLAGS_OF[method].includes(found))
      throw new UsageError(`Cannot run graft train: found --${found} with --method ${method}, need --method ${of}`);
  }
  if (method === 'ia3') return { method, ia3: readIa3(flags, from) };
  if (method === 'bottleneck') return { method, bottleneck: readBottleneck(flags, from) };
  if (method === 'prompt-tuning') return { method, promptTuning: readPrompt(flags, from) };
  const lora = readLora(flags, from);
  return lora ? { lora } : {};
}

type FlagName = keyof typeof METHOD_FLAGS;
const FLAGS_OF: Readonly<Record<Method, readonly FlagName[]>> = {
  lora: ['rank', 'alpha', 'rslora', 'dora', 'bias', 'init', 'targets', 'modules-to-save', 'loraplus-ratio', 'dropout'],
  ia3: ['targets', 'feedforward-modules', 'modules-to-save'],
  bottleneck: ['placement', 'reduction'],
  'prompt-tuning': ['virtual-tokens', 'prompt-text', 'prompt-init'],
};

function readIa3(flags: Parsed, { ia3 }: TrainSettings): Ia3Choice {
  const named = (flag: FlagName) =>
    flags
      .text(flag)
      ?.split(',')
      .map((name) => name.trim());
  const [targets, feedforward, saved] = [named('targets'), named('feedforward-modules'), named('modules-to-save')];
  return {
    ...ia3,
    ...(targets && { target_modules: targets[0] === 'all-linear' ? 'all-linear' : targets }),
    ...(feedforward && { feedforward_modules: feedforward }),
    ...(saved && { modules_to_save: saved }),
  };
}

function readBottleneck(flags: Parsed, { bottleneck }: TrainSettings): BottleneckChoice {
  const placement = flags.text('placement');
  return {
    ...bottleneck,
    ...(placement !== undefined && {
      placement: flags.choice('placement', ['pfeiffer', 'houlsby'] as const, 'pfeiffer'),
    }),
    ...(flags.text('reduction') !== undefined && { reduction_factor: flags.number('reduction', 16) }),
  };
}

function readPrompt(flags: Parsed, { promptTuning = {} }: TrainSettings): PromptChoice {
  const text = flags.text('prompt-text');
  const { num_virtual_tokens = 20, ...rest } = promptTuning;
  return {
    ...rest,
    num_virtual_tokens: flags.number('virtual-tokens', num_virtual_tokens),
    ...(flags.text('prompt-init') !== undefined && {
      prompt_tuning_init: flags.choice('prompt-init', PROMPT_INITS, 'RANDOM'),
    }),
    ...(text !== undefined && { prompt_tuning_init: 'TEXT', prompt_tuning_init_text: text }),
  };
}

function readLora(flags: Parsed, { lora }: TrainSettings): TrainSettings['lora'] {
  const init = flags.text('init');
  const saved = flags.text('modules-to-save');
  const own = {
    ...(flags.has('rslora') && { use_rslora: true }),
    ...(flags.has('dora') && { use_dora: true }),
    ...(flags.text('bias') !== undefined && {
      bias: flags.choice('bias', ['none', 'lora_only', 'all'] as const, 'none'),
    }),
    ...(init !== undefined && { init_lora_weights: init === 'true' ? true : init === 'false' ? false : init }),
    ...(saved !== undefined && { modules_to_save: saved.split(',').map((name) => name.trim()) }),
  };
  // Targets on the command line win over a pattern of the recipe.
  const { target_modules, ...rest } = lora ?? {};
  const pattern = flags.text('targets') === undefined && target_modules !== undefined ? { target_modules } : {};
  const all = { ...rest, ...pattern, ...own };
  return Object.keys(all).length > 0 ? all : undefined;
}
