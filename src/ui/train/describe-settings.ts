// Settings in words: for lists of what differs, in recipes and between runs.
import { DEFAULT_SETTINGS, type TrainSettings } from '../../engine/protocol.ts';
import { count, rateOf } from '../format.ts';
import { NUMBER_KEYS, type NumberKey, ruleFor } from './settings-rules.ts';
import { words } from './words.ts';

export type SettingKey = keyof TrainSettings;

/** In the order in which they are read: what matters most first. */
export const SETTING_KEYS: readonly SettingKey[] = [
  ...NUMBER_KEYS.slice(0, 2),
  'targets',
  ...NUMBER_KEYS.slice(2),
  'schedule',
  'checkpointing',
  'shuffle',
] satisfies readonly SettingKey[];

const isNumber = (key: SettingKey): key is NumberKey => NUMBER_KEYS.includes(key as NumberKey);

export function settingName(key: SettingKey): string {
  if (isNumber(key)) return ruleFor(key).name;
  if (key === 'targets') return words.targets.name;
  if (key === 'schedule') return words.schedule.name;
  if (key === 'checkpointing') return words.checkpointing.name;
  return words.shuffle.name;
}

export function settingText(settings: Partial<TrainSettings>, key: SettingKey): string {
  const value = settings[key];
  if (key === 'targets') return value === 'all-linear' ? words.targets.all : (value as readonly string[]).join(', ');
  if (key === 'schedule') return words.schedule.labels[value as TrainSettings['schedule']];
  if (key === 'checkpointing') return words.checkpointing.labels[settings.checkpointing ?? 'none'];
  if (key === 'shuffle') return value ? words.on : words.off;
  if (value === undefined) return words.figures.none;
  const number = value as number;
  if (key === 'learningRate') return rateOf(number);
  const { percent, unit } = ruleFor(key as NumberKey);
  if (percent) return `${Number((number * 100).toPrecision(4))} %`;
  return `${Number.isInteger(number) && key !== 'seed' ? count(number) : number}${unit ? ` ${unit}` : ''}`;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const valueIn = (settings: Partial<TrainSettings>, key: SettingKey) =>
  key === 'checkpointing' ? (settings.checkpointing ?? 'none') : settings[key];

/** The settings in which any two of these differ. */
export function differences(all: readonly Partial<TrainSettings>[]): readonly SettingKey[] {
  return SETTING_KEYS.filter((key) => all.some((settings) => !same(valueIn(settings, key), valueIn(all[0]!, key))));
}

/** "Rank 16 · Steps 40": what is not as everyone starts with. */
export function summary(settings: Partial<TrainSettings>, most = 6): string {
  const own = differences([DEFAULT_SETTINGS, { ...DEFAULT_SETTINGS, epochs: undefined as never, ...settings }]);
  const told = own.filter((key) => valueIn(settings, key) !== undefined);
  const parts = told.slice(0, most).map((key) => `${settingName(key)} ${settingText(settings, key)}`);
  return told.length === 0 ? words.asDefault : [...parts, ...(told.length > most ? ['…'] : [])].join(' · ');
}
