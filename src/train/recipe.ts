// A run's settings, as the user sees them, with defaults that are safe for a first run on a small dataset.

import type { Checkpointing } from '../gpu/recompute.ts';
import type { BottleneckChoice, Ia3Choice, Method, PromptChoice } from './adapter-settings.ts';
import type { LoraChoice } from './lora-settings.ts';
import type { Schedule } from './schedule.ts';

export interface TrainSettings {
  /** What kind of adapter; a LoRA when absent. Rank, alpha, dropout and targets are LoRA's. */
  readonly method?: Method;
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  /** `all-linear`, or last names ("q_proj"). */
  readonly targets: 'all-linear' | readonly string[];
  /** The rest of PEFT's LoraConfig, under its own names. */
  readonly lora?: LoraChoice;
  /** PEFT's IA3Config, under its own names. */
  readonly ia3?: Ia3Choice;
  /** PEFT's PromptTuningConfig, under its own names. */
  readonly promptTuning?: PromptChoice;
  /** AdapterHub's bottleneck config, under its own names. */
  readonly bottleneck?: BottleneckChoice;
  /** LoRA+: B, and every vector, learns this many times as fast as A. Absent: as fast. */
  readonly loraPlusRatio?: number;
  /** LoRA+: the learning rate of LoRA on embeddings; 1e-6 when absent, as in PEFT. */
  readonly loraPlusEmbeddingRate?: number;
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  /** Largest global gradient norm; 0 = no clipping. */
  readonly clip: number;
  /** Exactly one of the two. */
  readonly steps?: number;
  readonly epochs?: number;
  /** Rows a micro-batch. */
  readonly batchSize: number;
  /** Micro-batches a step. */
  readonly gradAccum: number;
  readonly seqLen: number;
  /**
   * What blocks keep for the backward pass: less memory for more time, with the same numbers. `auto`: as much as the allowed
   * memory holds, settled before a run is planned (engine/autopilot/settle-checkpointing.ts). Absent: everything.
   */
  readonly checkpointing?: Checkpointing | 'auto';
  /**
   * What happens when loss or gradients go bad: the adapter returns to its last good state, and the run stops there or
   * continues, once, with half the learning rate. Absent: it stops.
   */
  readonly badNumbers?: BadNumbers;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Share of rows held back for validation, 0 … 0.5. */
  readonly validationSplit: number;
  /** Validate every this many steps; 0 = only at the end. */
  readonly evalEvery: number;
  /** Measure forgetting on the bundled general text before the run, every this many steps, and after it; 0 or absent = never. */
  readonly forgettingEvery?: number;
}

export type BadNumbers = 'stop' | 'halve';
export const BAD_NUMBERS: readonly BadNumbers[] = ['stop', 'halve'];

export const DEFAULT_SETTINGS: TrainSettings = {
  rank: 8,
  alpha: 16,
  dropout: 0,
  targets: 'all-linear',
  learningRate: 1e-3,
  schedule: 'linear',
  warmupSteps: 5,
  weightDecay: 0,
  clip: 1,
  epochs: 3,
  batchSize: 4,
  gradAccum: 1,
  seqLen: 256,
  seed: 0,
  shuffle: true,
  validationSplit: 0.1,
  evalEvery: 20,
  forgettingEvery: 0,
};

/**
 * A default learning rate by the size of the base: small models need larger ones. Scion's is measured
 * (tools/pretrain), the others are what LoRA users settle on ("LoRA Without Regret", 2025, and the PEFT examples).
 */
export function suggestedRate(parameters: number): number {
  const size = SIZES.findIndex((limit) => parameters < limit);
  return SUGGESTED_RATES[size === -1 ? SIZES.length : size]!;
}
const SIZES = [30e6, 300e6, 3e9];
export const SUGGESTED_RATES: readonly number[] = [4e-3, 1e-3, 5e-4, 2e-4];

/** From most memory to least. */
export const CHECKPOINTING = ['none', 'block-keep-attention', 'block'] as const satisfies readonly Checkpointing[];

/** What the user can choose. */
export const CHECKPOINTING_CHOICES = ['auto', ...CHECKPOINTING] as const;

/** Throws an Error for settings that still say `auto`: nothing is compiled for those. */
export function levelOf({ checkpointing = 'none' }: Pick<TrainSettings, 'checkpointing'>): Checkpointing {
  if (checkpointing === 'auto') throw new Error('Cannot train: found checkpointing "auto", need it settled before');
  return checkpointing;
}

/** Ranges beyond which a run makes no sense or no device can do it, each with its reason. */
export const SETTING_RANGES: readonly (readonly [keyof TrainSettings, number, number, 'whole' | 'any'])[] = [
  ['rank', 1, 1024, 'whole'],
  ['alpha', 1e-6, 1e6, 'any'],
  ['dropout', 0, 0.9, 'any'],
  ['learningRate', 0, 10, 'any'],
  ['loraPlusRatio', 1, 1e4, 'any'],
  ['loraPlusEmbeddingRate', 0, 10, 'any'],
  ['warmupSteps', 0, 1e7, 'whole'],
  ['weightDecay', 0, 10, 'any'],
  ['clip', 0, 1e6, 'any'],
  ['steps', 1, 1e7, 'whole'],
  ['epochs', 1e-3, 1e5, 'any'],
  ['batchSize', 1, 4096, 'whole'],
  ['gradAccum', 1, 4096, 'whole'],
  ['seqLen', 2, 1 << 20, 'whole'],
  ['seed', 0, 2 ** 32 - 1, 'whole'],
  ['validationSplit', 0, 0.5, 'any'],
  ['evalEvery', 0, 1e7, 'whole'],
  ['forgettingEvery', 0, 1e7, 'whole'],
];

/** Settings that may be absent. */
export const OPTIONAL_NUMBERS: readonly (keyof TrainSettings)[] = [
  'steps',
  'epochs',
  'loraPlusRatio',
  'loraPlusEmbeddingRate',
  'forgettingEvery',
];

/** True for a number that a run can take as its learning rate. */
export function isLearningRate(value: unknown): value is number {
  const [, low, high] = SETTING_RANGES.find(([name]) => name === 'learningRate')!;
  return typeof value === 'number' && value >= low && value <= high;
}

/** Steps that go over all of `rows` once. */
export function stepsPerEpoch(
  rows: number,
  { batchSize, gradAccum }: Pick<TrainSettings, 'batchSize' | 'gradAccum'>,
): number {
  return Math.ceil(Math.ceil(rows / batchSize) / gradAccum);
}

export function totalSteps(rows: number, settings: TrainSettings): number {
  return settings.steps ?? Math.max(1, Math.round(stepsPerEpoch(rows, settings) * settings.epochs!));
}
