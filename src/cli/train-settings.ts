// The settings of graft train: a recipe file, and flags that win over it.

import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import {
  BAD_NUMBERS,
  CHECKPOINT_EVERY,
  CHECKPOINTING_CHOICES,
  checkSettings,
  DEFAULT_SETTINGS,
  type KeepOptions,
  METHODS,
  type Recipe,
  readRecipe,
  type settleForRows,
  type TrainSettings,
  unreadable,
  withoutMethod,
} from '../engine/node.ts';
import { METHOD_FLAGS, readMethod } from './method-flags.ts';
import { readTargets } from './model-flags.ts';
import { type Parsed, UsageError } from './usage.ts';

export const SETTING_FLAGS = {
  config: { type: 'string' },
  ...METHOD_FLAGS,
  lr: { type: 'string' },
  steps: { type: 'string' },
  epochs: { type: 'string' },
  'batch-size': { type: 'string' },
  'grad-accum': { type: 'string' },
  'seq-len': { type: 'string' },
  checkpointing: { type: 'string' },
  memory: { type: 'string' },
  'bad-numbers': { type: 'string' },
  seed: { type: 'string' },
  shuffle: { type: 'string' },
  schedule: { type: 'string' },
  warmup: { type: 'string' },
  'weight-decay': { type: 'string' },
  clip: { type: 'string' },
  'validation-split': { type: 'string' },
  'eval-every': { type: 'string' },
  'forgetting-every': { type: 'string' },
} as const;

export const SETTING_HELP = `  --config RECIPE.json      settings from a file (docs/recipe.schema.json; saved in --out as graft_recipe.json); flags override it.
                            settings.lora takes every field of PEFT's LoraConfig; "adapters" lists up to four that are
                            trained at once, each into its own folder in --out
  --method lora             the kind of adapter: lora, ia3, prompt-tuning or bottleneck
    ia3                     scales outputs and inputs: --targets k_proj,v_proj,down_proj  --feedforward-modules down_proj (whose
                            inputs), by default PEFT's for the model
    prompt-tuning           learns --virtual-tokens 20 before every text, initialised from --prompt-text "…" or
                            --prompt-init RANDOM|SAMPLE_VOCAB
    bottleneck              AdapterHub's: --placement pfeiffer|houlsby  --reduction 16 (width / reduction is its size)
  --rank 8  --alpha 16      size of the adapter; its output is scaled by alpha / rank
  --targets all-linear      or names: q_proj,v_proj
  --rslora  --dora          rsLoRA: scaled by alpha / √rank; DoRA: trained row norms
  --bias none|lora_only|all   --modules-to-save lm_head,embed_tokens   parameters of the base that are trained in full
  --init true|gaussian|orthogonal|pissa|pissa_niter_4|olora|loftq|eva   initialisation. eva looks at your rows first and gives more
                            rank to the linears where it explains more (rho and the rest: eva_config in a recipe)
  --loraplus-ratio 16       LoRA+: how many times faster B learns than A
  --lr 2e-4  --schedule constant|linear|cosine  --warmup 0
  --steps N | --epochs N    one epoch when neither is given
  --batch-size 1  --grad-accum 1  --seq-len 256
  --checkpointing auto|none|block-keep-attention|block   less memory for more time, same numbers (auto: as far as --memory requires)
  --memory GB               GPU memory that the run may take (default: half of this machine's)
  --bad-numbers stop|halve  when the loss explodes: stop at the last good state, or continue from it with half the learning rate, once
  --seed 0  --shuffle true  --dropout 0  --weight-decay 0  --clip 1.0 (0 = no clipping)
  --validation-split 0  --eval-every 0   share of rows held back, and how often they are scored
  --forgetting-every N      measure forgetting on a bundled general text before the run, every N steps, and after it`;

/** `--memory` in bytes. WebGPU does not say how much a GPU has: half of the machine's is what a shared one gets. */
export function readBudget(flags: Parsed): number {
  const gigabytes = flags.number('memory', totalmem() / 2 / 1e9);
  if (gigabytes <= 0) throw new UsageError(`Cannot read --memory: found ${gigabytes}, need GB above 0`);
  return gigabytes * 1e9;
}

/** Throws a UsageError where `--memory` is given and a run takes more; without the flag, half of the machine's is a guess. */
export function checkBudget(flags: Parsed, { settings, totalBytes }: Settled, budgetBytes: number): void {
  if (flags.text('memory') === undefined || totalBytes <= budgetBytes) return;
  const level = settings.checkpointing ?? 'none';
  throw new UsageError(
    `Cannot train within --memory ${flags.text('memory')}: found that the run takes ${showGigabytes(totalBytes)} where ${showGigabytes(budgetBytes)} are left, with checkpointing ${level}; need more, shorter rows (--seq-len), fewer at a time (--batch-size) or fewer bits (--quant nf4-dq)`,
  );
}
type Settled = ReturnType<typeof settleForRows>;

/** "0.013 GB" */
export function showGigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(3)} GB`;
}

/** How often `--checkpoint-every` saves: as often as it says, whatever that costs. */
export function readCheckpointEvery(
  flags: Parsed,
): Pick<KeepOptions, 'everySteps' | 'everySeconds'> & { readonly mostShare?: number } {
  if (flags.text('checkpoint-every') === undefined)
    return { everySteps: CHECKPOINT_EVERY.steps, everySeconds: CHECKPOINT_EVERY.seconds };
  const every = flags.number('checkpoint-every', CHECKPOINT_EVERY.steps);
  if (!Number.isInteger(every) || every < 1)
    throw new UsageError(`Cannot read --checkpoint-every: found ${every}, need a whole number of 1 or more`);
  return { everySteps: every, everySeconds: Number.POSITIVE_INFINITY, mostShare: Number.POSITIVE_INFINITY };
}

/** What the command line trains with when nothing is said. */
const QUIET: TrainSettings = {
  ...withoutLength(DEFAULT_SETTINGS),
  epochs: 1,
  learningRate: 2e-4,
  schedule: 'constant',
  warmupSteps: 0,
  batchSize: 1,
  validationSplit: 0,
  evalEvery: 0,
};

/** Throws a sentence that names the file and the field. */
export function readConfig(flags: Parsed): Recipe | undefined {
  const file = flags.text('config');
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${unreadable(file, error).message} (--config)`);
  }
  try {
    return readRecipe(text);
  } catch (error) {
    throw new Error(`${(error as Error).message} (in "${file}")`);
  }
}

/**
 * Flags over `own` (of one adapter of a recipe) over the recipe over what is usual. Throws a sentence that names the first setting
 * that no run can have.
 */
export function readSettings(
  flags: Parsed,
  recipe?: Recipe,
  own: Partial<TrainSettings> = {},
  usual: Partial<TrainSettings> | undefined = {},
): TrainSettings {
  const from = over(over(over(QUIET, usual), recipe?.settings ?? {}), own);
  const { loraPlusRatio, badNumbers, ...rest } = withoutMethod(withoutLength(from));
  const ratio = flags.text('loraplus-ratio') === undefined ? loraPlusRatio : flags.number('loraplus-ratio', 1);
  const method = flags.choice('method', METHODS, from.method ?? 'lora');
  const settings: TrainSettings = {
    ...rest,
    ...readLength(flags, from),
    rank: flags.number('rank', from.rank),
    alpha: flags.number('alpha', from.alpha),
    dropout: flags.number('dropout', from.dropout),
    targets: flags.text('targets') === undefined || method !== 'lora' ? from.targets : readTargets(flags),
    ...readMethod(flags, from, method),
    ...(ratio !== undefined && { loraPlusRatio: ratio }),
    learningRate: flags.number('lr', from.learningRate),
    schedule: flags.choice('schedule', ['constant', 'linear', 'cosine'] as const, from.schedule),
    warmupSteps: flags.number('warmup', from.warmupSteps),
    weightDecay: flags.number('weight-decay', from.weightDecay),
    clip: flags.number('clip', from.clip),
    batchSize: flags.number('batch-size', from.batchSize),
    gradAccum: flags.number('grad-accum', from.gradAccum),
    seqLen: flags.number('seq-len', from.seqLen),
    checkpointing: flags.choice('checkpointing', CHECKPOINTING_CHOICES, from.checkpointing ?? 'auto'),
    badNumbers: flags.choice('bad-numbers', BAD_NUMBERS, badNumbers ?? 'stop'),
    seed: flags.number('seed', from.seed),
    shuffle: flags.choice('shuffle', ['true', 'false'] as const, from.shuffle ? 'true' : 'false') === 'true',
    validationSplit: flags.number('validation-split', from.validationSplit),
    evalEvery: flags.number('eval-every', from.evalEvery),
    forgettingEvery: flags.number('forgetting-every', from.forgettingEvery ?? 0),
  };
  checkSettings(settings);
  if (flags.text('eval-every') !== undefined && settings.evalEvery > 0 && settings.validationSplit === 0)
    throw new UsageError(
      `Cannot run graft train: found --eval-every ${settings.evalEvery} with no row held back, need --validation-split above 0, such as 0.1`,
    );
  return settings;
}

function readLength(flags: Parsed, { steps, epochs }: TrainSettings): Pick<TrainSettings, 'steps' | 'epochs'> {
  const [hasSteps, hasEpochs] = [flags.text('steps') !== undefined, flags.text('epochs') !== undefined];
  if (hasSteps && hasEpochs) throw new UsageError('Cannot run graft train: found both --steps and --epochs, need one');
  if (hasSteps) return { steps: flags.number('steps', 1) };
  if (hasEpochs) return { epochs: flags.number('epochs', 1) };
  return { ...(steps !== undefined && { steps }), ...(epochs !== undefined && { epochs }) };
}

/** `more` wins; a length of either kind takes the place of one of the other kind. LoRA's fields are taken over one by one. */
function over(settings: TrainSettings, more: Partial<TrainSettings>): TrainSettings {
  const isLong = more.steps !== undefined || more.epochs !== undefined;
  const isOther = more.method !== undefined && more.method !== (settings.method ?? 'lora');
  const kept = isOther ? withoutMethod(settings) : settings;
  const own: Partial<TrainSettings> = isOther ? {} : settings;
  const lora = own.lora || more.lora ? { lora: { ...own.lora, ...more.lora } } : {};
  return { ...(isLong ? withoutLength(kept) : kept), ...more, ...lora };
}

function withoutLength({ steps: _, epochs: __, ...rest }: TrainSettings): TrainSettings {
  return rest;
}
