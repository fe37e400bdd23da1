// A recipe as JSON: the settings of a run, and what it was for. One format for the file that the page saves, the link that it
// shares and `graft train --config`. Whoever made it is a stranger: it is checked field by field, in limits, and nothing is
// taken over that this version does not know.

import * as v from 'valibot';
import type { EvaConfig } from '../lora/eva/eva-config.ts';
import { NON_LINEARITIES } from '../lora/methods/bottleneck.ts';
import { MOST_VIRTUAL_TOKENS, PROMPT_INITS } from '../lora/methods/prompt-tuning.ts';
import { adapterConfigOf } from './adapter-config-of.ts';
import { type BottleneckChoice, type Ia3Choice, METHODS, type PromptChoice, SETTINGS_OF } from './adapter-settings.ts';
import { MOST_TOGETHER, type Recipe } from './apply-recipe.ts';
import { type LoraChoice, withoutAction } from './lora-settings.ts';
import { BAD_NUMBERS, CHECKPOINTING_CHOICES, DEFAULT_SETTINGS, SETTING_RANGES, type TrainSettings } from './recipe.ts';

/** A recipe has some forty fields; links are shorter still. Stops a broken or hostile file before it is parsed. */
export const MAX_RECIPE_CHARS = 64 << 10;
const MAX_TARGETS = 256;

const short = (most: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(most));
const among = <const T extends readonly string[]>(values: T) => v.picklist(values);

const NUMBERS = Object.fromEntries(
  SETTING_RANGES.map(([name, low, high, kind]) => {
    const says = `need a ${kind === 'whole' ? 'whole ' : ''}number from ${low} to ${high}`;
    const range = v.pipe(v.number(says), v.minValue(low, says), v.maxValue(high, says));
    return [name, v.exactOptional(kind === 'whole' ? v.pipe(range, v.integer(says)) : range)];
  }),
);

/** Names of modules, or a regular expression; JSON Schema and PEFT take either. */
const names = v.union([short(4000), v.pipe(v.array(short(256)), v.maxLength(4096))]);
const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 31));
const indices = v.pipe(v.array(index), v.maxLength(MAX_TARGETS));
const pattern = (value: v.GenericSchema<number>) => v.record(short(4000), value);

/** PEFT's EvaConfig. */
const EVA = v.strictObject({
  rho: v.exactOptional(v.pipe(v.number(), v.minValue(1), v.maxValue(1000))),
  tau: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  use_label_mask: v.exactOptional(v.boolean()),
  label_mask_value: v.exactOptional(v.pipe(v.number(), v.integer())),
  whiten: v.exactOptional(v.boolean()),
  adjust_scaling_factors: v.exactOptional(v.boolean()),
}) satisfies v.GenericSchema<unknown, Partial<EvaConfig>>;

/** The fields of PEFT's LoraConfig that are not settings of their own; what they mean together, `adapterConfigOf` checks. */
const LORA = v.strictObject({
  target_modules: v.exactOptional(names),
  exclude_modules: v.exactOptional(v.nullable(names)),
  layers_to_transform: v.exactOptional(v.nullable(v.union([index, indices]))),
  layers_pattern: v.exactOptional(v.nullable(names)),
  rank_pattern: v.exactOptional(pattern(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65536)))),
  alpha_pattern: v.exactOptional(pattern(v.number())),
  use_rslora: v.exactOptional(v.boolean()),
  use_dora: v.exactOptional(v.boolean()),
  lora_bias: v.exactOptional(v.boolean()),
  bias: v.exactOptional(among(['none', 'all', 'lora_only'])),
  init_lora_weights: v.exactOptional(
    v.union([
      v.boolean(),
      v.pipe(v.string(), v.regex(/^(gaussian|orthogonal|pissa|pissa_niter_[0-9]{1,3}|olora|loftq|eva)$/)),
    ]),
  ),
  eva_config: v.exactOptional(v.nullable(EVA)),
  modules_to_save: v.exactOptional(v.nullable(v.pipe(v.array(short(256)), v.maxLength(MAX_TARGETS)))),
  trainable_token_indices: v.exactOptional(
    v.nullable(v.union([v.pipe(v.array(index), v.maxLength(65536)), v.record(short(256), v.array(index))])),
  ),
}) satisfies v.GenericSchema<unknown, LoraChoice>;

/** The same of PEFT's IA3Config. */
const IA3 = v.strictObject({
  target_modules: v.exactOptional(v.nullable(names)),
  feedforward_modules: v.exactOptional(v.nullable(names)),
  exclude_modules: v.exactOptional(v.nullable(names)),
  modules_to_save: v.exactOptional(v.nullable(v.pipe(v.array(short(256)), v.maxLength(MAX_TARGETS)))),
  init_ia3_weights: v.exactOptional(v.boolean()),
}) satisfies v.GenericSchema<unknown, Ia3Choice>;

/** The same of its PromptTuningConfig. */
const PROMPT_TUNING = v.strictObject({
  num_virtual_tokens: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_VIRTUAL_TOKENS))),
  prompt_tuning_init: v.exactOptional(among(PROMPT_INITS)),
  prompt_tuning_init_text: v.exactOptional(v.nullable(short(20_000))),
}) satisfies v.GenericSchema<unknown, PromptChoice>;

/** The same of AdapterHub's config. */
const factor = v.pipe(v.number(), v.minValue(1e-3), v.maxValue(1e5));
const BOTTLENECK = v.strictObject({
  placement: v.exactOptional(among(['pfeiffer', 'houlsby'])),
  mh_adapter: v.exactOptional(v.boolean()),
  output_adapter: v.exactOptional(v.boolean()),
  reduction_factor: v.exactOptional(v.union([factor, v.record(short(20), factor)])),
  non_linearity: v.exactOptional(among(NON_LINEARITIES)),
  original_ln_before: v.exactOptional(v.boolean()),
  scaling: v.exactOptional(v.number()),
  leave_out: v.exactOptional(indices),
}) satisfies v.GenericSchema<unknown, BottleneckChoice>;

const SETTINGS = v.strictObject({
  ...NUMBERS,
  bottleneck: v.exactOptional(BOTTLENECK),
  promptTuning: v.exactOptional(PROMPT_TUNING),
  method: v.exactOptional(among(METHODS)),
  ia3: v.exactOptional(IA3),
  lora: v.exactOptional(LORA),
  targets: v.exactOptional(
    v.union([v.literal('all-linear'), v.pipe(v.array(short(128)), v.minLength(1), v.maxLength(MAX_TARGETS))]),
  ),
  schedule: v.exactOptional(among(['constant', 'linear', 'cosine'])),
  shuffle: v.exactOptional(v.boolean()),
  checkpointing: v.exactOptional(among(CHECKPOINTING_CHOICES)),
  badNumbers: v.exactOptional(among(BAD_NUMBERS)),
});

/** What the published schema (docs/recipe.schema.json) is made from. */
export const RECIPE = v.strictObject({
  recipe: v.literal(1, 'need 1, the only version there is'),
  name: v.exactOptional(short(120)),
  settings: SETTINGS,
  base: v.exactOptional(
    v.strictObject({
      kind: among(['bundled', 'hub', 'files']),
      id: short(300),
      revision: v.exactOptional(short(250)),
      quant: v.exactOptional(short(40)),
    }),
  ),
  data: v.exactOptional(
    v.strictObject({
      name: short(300),
      rows: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
      hash: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
    }),
  ),
  adapters: v.exactOptional(
    v.pipe(
      v.array(
        v.strictObject({
          name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][A-Za-z0-9_. -]{0,80}$/)),
          settings: v.exactOptional(SETTINGS),
          files: v.exactOptional(v.pipe(v.array(short(1000)), v.minLength(1), v.maxLength(100))),
        }),
      ),
      v.minLength(1),
      v.maxLength(MOST_TOGETHER),
    ),
  ),
});

/** Throws a SyntaxError or RangeError that names the first field that is wrong. */
export function readRecipe(text: string): Recipe {
  if (text.length > MAX_RECIPE_CHARS)
    throw new RangeError(`Cannot read the recipe: found ${text.length} characters, need at most ${MAX_RECIPE_CHARS}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read the recipe: ${(error as Error).message}`);
  }
  const read = v.safeParse(RECIPE, json, { abortEarly: true });
  if (!read.success) throw refuse(read.issues[0]);
  const recipe = read.output as Recipe;
  checkRecipe(recipe.settings);
  if (recipe.adapters === undefined) return recipe;
  const names = recipe.adapters.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RangeError(`Cannot read the recipe: found "${twice}" twice, need different names`);
  for (const { settings = {} } of recipe.adapters) checkRecipe(settings);
  return recipe;
}

function checkRecipe(settings: Partial<TrainSettings>): void {
  if (settings.steps !== undefined && settings.epochs !== undefined)
    throw new RangeError('Cannot read the recipe: found both steps and epochs, need one');
  if (METHODS.every((method) => settings[SETTINGS_OF[method]] === undefined) && settings.method === undefined) return;
  try {
    adapterConfigOf({ ...DEFAULT_SETTINGS, ...settings });
  } catch (error) {
    throw new RangeError(`Cannot read the recipe: ${withoutAction(error as Error)}`);
  }
}

function refuse(issue: v.BaseIssue<unknown>): Error {
  const where = v.getDotPath(issue) ?? 'the whole';
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
  if (isUnknown)
    return new SyntaxError(`Cannot read the recipe: found "${where}", which this version of Graft does not know`);
  const found = JSON.stringify(issue.input)?.slice(0, 60) ?? 'nothing';
  const need = issue.message.startsWith('need') ? issue.message : `need ${issue.expected ?? 'a value in its limits'}`;
  return new RangeError(`Cannot read the recipe: found ${found} for ${where}, ${need}`);
}
