// Every number of a run: what it may be and what it does to the result.
import { DEFAULT_SETTINGS, type TrainSettings } from '../../engine/protocol.ts';
import type { NumberRule } from '../controls/number-rule.ts';

export type NumberKey = Exclude<
  { [K in keyof TrainSettings]-?: TrainSettings[K] extends number | undefined ? K : never }[keyof TrainSettings],
  // Of the command line and of recipe files alone.
  undefined | 'loraPlusEmbeddingRate'
>;

const LENGTHS = [32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096];

const RULES: Readonly<Record<NumberKey, NumberRule>> = {
  rank: {
    name: 'Rank',
    hint: '8 suits a tone of voice, 32 new facts.',
    min: 1,
    max: 256,
    whole: true,
    stops: [1, 2, 4, 8, 16, 32, 64, 128],
  },
  alpha: {
    name: 'Alpha',
    hint: 'How loudly it speaks: twice the rank is usual.',
    min: 1,
    max: 1024,
    stops: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  },
  learningRate: {
    name: 'Learning rate',
    hint: 'Too high: the curve jumps. Too low: it stays flat.',
    min: 1e-7,
    max: 0.1,
    stops: [1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 3e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2],
  },
  epochs: {
    name: 'Epochs',
    hint: 'How often each row is seen. Over 5: by heart.',
    min: 0.1,
    max: 1000,
    stops: [1, 2, 3, 4, 5, 6, 8, 10, 15, 20],
  },
  steps: {
    name: 'Steps',
    hint: 'Stops here, however many rows there are.',
    min: 1,
    max: 1_000_000,
    whole: true,
    stops: [10, 20, 50, 100, 200, 300, 500, 1000, 2000, 5000],
  },
  batchSize: {
    name: 'Rows per step',
    known: 'batch size',
    hint: 'More: a calmer curve, more memory.',
    min: 1,
    max: 256,
    whole: true,
    stops: [1, 2, 4, 8, 16, 32],
  },
  seqLen: {
    name: 'Tokens per row',
    known: 'sequence length',
    hint: 'The longest text it learns from at once.',
    min: 8,
    max: 4096,
    whole: true,
    stops: LENGTHS,
  },
  validationSplit: {
    name: 'Held back',
    known: 'validation',
    hint: 'Rows kept aside to see what it understood.',
    min: 0,
    max: 0.5,
    percent: true,
    stops: [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5],
  },
  dropout: {
    name: 'Dropout',
    hint: 'Leaves out a part of the adapter at random each step: helps when there are few rows.',
    min: 0,
    max: 0.9,
    percent: true,
    stops: [0, 0.05, 0.1, 0.2, 0.3],
  },
  loraPlusRatio: {
    name: 'LoRA+ ratio',
    hint: 'B learns this many times as fast as A. 16 is usual, with half the learning rate; 1 is plain LoRA.',
    min: 1,
    max: 1000,
    stops: [1, 2, 4, 8, 16, 32],
  },
  warmupSteps: {
    name: 'Warm-up',
    hint: 'Starts with small steps for this long, so that the first rows do not throw it off.',
    min: 0,
    max: 100_000,
    whole: true,
    unit: 'steps',
    stops: [0, 2, 5, 10, 20, 50, 100],
  },
  weightDecay: {
    name: 'Weight decay',
    hint: 'Pulls the adapter back to the base a little each step. 0 is fine for short runs.',
    min: 0,
    max: 1,
    stops: [0, 0.001, 0.01, 0.05, 0.1],
  },
  clip: {
    name: 'Gradient clip',
    hint: 'Cuts off single wild steps. 1 is usual, 0 switches it off.',
    zero: 'off',
    min: 0,
    max: 100,
    stops: [0, 0.3, 0.5, 1, 2, 5],
  },
  gradAccum: {
    name: 'Batches per step',
    known: 'gradient accumulation',
    hint: 'Summed before a step: calm like a big batch, memory of a small one.',
    min: 1,
    max: 256,
    whole: true,
    stops: [1, 2, 4, 8, 16],
  },
  seed: {
    name: 'Seed',
    hint: 'The same seed, data and settings give the same adapter again.',
    min: 0,
    max: 4_294_967_295,
    whole: true,
    stops: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  },
  evalEvery: {
    name: 'Validate every',
    hint: 'How often the rows held back are asked. 0: only at the end.',
    min: 0,
    max: 100_000,
    whole: true,
    unit: 'steps',
    zero: 'at the end',
    stops: [0, 5, 10, 20, 50, 100, 200],
  },
  forgettingEvery: {
    name: 'Watch what it forgets every',
    hint: 'Measures a general text before, this often, and after. 0: not at all.',
    min: 0,
    max: 100_000,
    whole: true,
    unit: 'steps',
    zero: 'off',
    stops: [0, 5, 10, 20, 50, 100, 200],
  },
};

/** Of a run that is counted in steps. */
export const USUAL_STEPS = 100;

/** `context` is the base's longest text: no row can be longer. `rate`: what the base suggests to begin with. */
export function ruleFor(key: NumberKey, context?: number, rate = DEFAULT_SETTINGS.learningRate): NumberRule {
  const usual =
    key === 'learningRate'
      ? rate
      : key === 'steps'
        ? USUAL_STEPS
        : key === 'loraPlusRatio'
          ? 1
          : DEFAULT_SETTINGS[key]!;
  const rule = { ...RULES[key], usual };
  if (key !== 'seqLen' || !context) return rule;
  return { ...rule, max: context, stops: [...new Set([...LENGTHS.filter((n) => n < context), context])] };
}

export const NUMBER_KEYS = Object.keys(RULES) as readonly NumberKey[];
