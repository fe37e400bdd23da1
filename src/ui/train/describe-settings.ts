// Settings in words: for lists of what differs, in recipes and between runs.
import { DEFAULT_SETTINGS, type TrainSettings } from '../../engine/protocol.ts';
import { count, rateOf } from '../format.ts';
import { NUMBER_KEYS, type NumberKey, ruleFor } from './settings-rules.ts';
import { words } from './words.ts';

export type SettingKey = keyof TrainSettings;

type ChoiceKey = Exclude<SettingKey, NumberKey>;

/** Every setting that is not a number: its name, and its value in words. */
const CHOICES: Readonly<Record<ChoiceKey, readonly [string, (settings: Partial<TrainSettings>) => string]>> = {
  targets: [
    words.targets.name,
    ({ targets = 'all-linear' }) => (typeof targets === 'string' ? words.targets.all : targets.join(', ')),
  ],
  schedule: [words.schedule.name, ({ schedule = 'linear' }) => words.schedule.labels[schedule]],
  checkpointing: [words.checkpointing.name, ({ checkpointing = 'none' }) => words.checkpointing.labels[checkpointing]],
  badNumbers: [words.badNumbers.name, ({ badNumbers }) => (badNumbers === 'halve' ? words.on : words.off)],
  method: [words.method.name, ({ method = 'lora' }) => words.method.labels[method]],
  ia3: [words.method.own('IA³'), ({ ia3 }) => fieldsText(ia3)],
  bottleneck: [words.method.own('bottleneck adapters'), ({ bottleneck }) => fieldsText(bottleneck)],
  promptTuning: [words.method.own('prompt tuning'), ({ promptTuning }) => fieldsText(promptTuning)],
  lora: [words.lora.name, ({ lora }) => loraText(lora)],
  loraPlusEmbeddingRate: [
    words.lora.embeddingRate,
    ({ loraPlusEmbeddingRate }) => rateOf(loraPlusEmbeddingRate ?? 1e-6),
  ],
  shuffle: [words.shuffle.name, ({ shuffle }) => (shuffle ? words.on : words.off)],
};

/** "DoRA, rsLoRA, bias lora_only": what of PEFT's LoraConfig is set. */
function loraText(lora: TrainSettings['lora']): string {
  const parts = Object.entries(lora ?? {}).flatMap(([key, value]) => {
    if (value === false || value === null || (key === 'bias' && value === 'none')) return [];
    if (key === 'use_dora') return ['DoRA'];
    if (key === 'use_rslora') return ['rsLoRA'];
    if (Array.isArray(value)) return [`${key} ${value.join(' ')}`];
    return [`${key} ${typeof value === 'string' ? value : value === true ? words.on : JSON.stringify(value)}`];
  });
  return parts.length > 0 ? parts.join(', ') : words.lora.plain;
}

/** "target_modules q_proj, v_proj": what of a method's config is set. */
function fieldsText(fields: object | undefined): string {
  const told = Object.entries(fields ?? {}).filter(([, value]) => value !== null);
  const parts = told.map(([key, value]) => `${key} ${Array.isArray(value) ? value.join(', ') : value}`);
  return parts.length > 0 ? parts.join(' · ') : words.method.asUsual;
}

/** In the order in which they are read: what matters most first. */
export const SETTING_KEYS: readonly SettingKey[] = [
  ...NUMBER_KEYS.slice(0, 2),
  'targets',
  ...NUMBER_KEYS.slice(2),
  ...(Object.keys(CHOICES) as ChoiceKey[]).filter((key) => key !== 'targets'),
];

const isNumber = (key: SettingKey): key is NumberKey => NUMBER_KEYS.includes(key as NumberKey);

export function settingName(key: SettingKey): string {
  return isNumber(key) ? ruleFor(key).name : CHOICES[key][0];
}

export function settingText(settings: Partial<TrainSettings>, key: SettingKey): string {
  if (!isNumber(key)) return CHOICES[key][1](settings);
  const value = settings[key];
  if (value === undefined) return words.figures.none;
  if (key === 'learningRate') return rateOf(value);
  const { percent, unit, zero } = ruleFor(key);
  if (value === 0 && zero !== undefined) return zero;
  if (percent) return `${Number((value * 100).toPrecision(4))} %`;
  return `${Number.isInteger(value) && key !== 'seed' ? count(value) : value}${unit ? ` ${unit}` : ''}`;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const valueIn = (settings: Partial<TrainSettings>, key: SettingKey) =>
  isNumber(key) ? settings[key] : settingText(settings, key);

/** The settings in which any two of these differ. */
export function differences(all: readonly Partial<TrainSettings>[]): readonly SettingKey[] {
  return SETTING_KEYS.filter((key) => all.some((settings) => !same(valueIn(settings, key), valueIn(all[0]!, key))));
}

/** "Rank 16 · Steps 40": what is not as everyone starts with. */
export function summary(settings: Partial<TrainSettings>, most = 6): string {
  // Left to the memory or not said: how much is kept is nobody's choice.
  const usual =
    settings.checkpointing === 'auto' ? { ...DEFAULT_SETTINGS, checkpointing: 'auto' as const } : DEFAULT_SETTINGS;
  const own = differences([usual, { ...usual, epochs: undefined as never, ...settings }]);
  const told = own.filter((key) => valueIn(settings, key) !== undefined);
  const parts = told.slice(0, most).map((key) => `${settingName(key)} ${settingText(settings, key)}`);
  return told.length === 0 ? words.asDefault : [...parts, ...(told.length > most ? ['…'] : [])].join(' · ');
}
