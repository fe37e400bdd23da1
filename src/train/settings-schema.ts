// Settings that a run was made with, as a file tells them: for readers that show them and never train by them. So it asks for
// what showing relies on, and lets fields pass that a newer version has added. (What is trained by is read by recipe-file.ts.)

import * as v from 'valibot';
import { BAD_NUMBERS, CHECKPOINTING_CHOICES, OPTIONAL_NUMBERS, SETTING_RANGES, type TrainSettings } from './recipe.ts';

const MAX_NAMES = 4096;
const name = v.pipe(v.string(), v.maxLength(4000));

const NUMBERS = Object.fromEntries(
  SETTING_RANGES.map(([key]) => [key, OPTIONAL_NUMBERS.includes(key) ? v.optional(v.number()) : v.number()]),
);

const choice = v.optional(v.record(v.string(), v.unknown()));

export const ToldSettings = v.pipe(
  v.looseObject({
    ...NUMBERS,
    targets: v.union([v.literal('all-linear'), v.pipe(v.array(name), v.maxLength(MAX_NAMES))]),
    schedule: v.picklist(['constant', 'linear', 'cosine']),
    shuffle: v.boolean(),
    checkpointing: v.optional(v.picklist(CHECKPOINTING_CHOICES)),
    badNumbers: v.optional(v.picklist(BAD_NUMBERS)),
    method: v.optional(name),
    lora: choice,
    ia3: choice,
    promptTuning: choice,
  }),
  v.transform((settings) => settings as unknown as TrainSettings),
);
