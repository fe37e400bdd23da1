// The settings of the next run. They survive a reload; what storage gives back is checked field by field.
import { createStore } from 'zustand/vanilla';
import {
  CHECKPOINTING_CHOICES,
  DEFAULT_SETTINGS,
  forMethod,
  type Method,
  type ModelReport,
  type RunStart,
  SUGGESTED_RATES,
  suggestedRate,
  type TrainSettings,
} from '../../engine/protocol.ts';
import { readNumber } from '../controls/number-rule.ts';
import { keep, kept } from '../keep.ts';
import { NUMBER_KEYS, ruleFor } from './settings-rules.ts';

type Start = RunStart & { readonly name: string };
export type StateStart = Extract<Start, { readonly kind: 'state' }>;

interface SettingsState {
  readonly settings: TrainSettings;
  /** Undefined: named after the data and the rank. */
  readonly adapterName: string | undefined;
  /** What the next run starts from, when not from a fresh adapter; its rank, alpha and targets are given then. */
  readonly from: Start | undefined;
  /** The rate that the open base suggests: what a reset goes back to. */
  readonly suggestedRate: number;
}

/** What the page begins with: nobody has to know how much a run keeps. */
export const USUAL: TrainSettings = { ...DEFAULT_SETTINGS, checkpointing: 'auto' };

export const settingsStore = createStore<SettingsState>(() => ({
  settings: readSettings(kept('settings')),
  adapterName: undefined,
  from: undefined,
  suggestedRate: DEFAULT_SETTINGS.learningRate,
}));

export function changeSettings(change: Partial<TrainSettings>): void {
  setSettings({ ...settingsStore.getState().settings, ...change });
}

/** Fields of the LoraConfig; what is as PEFT has it anyway is not kept. */
export function changeLora(change: NonNullable<TrainSettings['lora']>): void {
  const { lora, ...rest } = settingsStore.getState().settings;
  const fields = Object.entries({ ...lora, ...change }).filter(([key, value]) => {
    const isUsual =
      value === false || value === null || value === 'none' || (key === 'init_lora_weights' && value === true);
    return !isUsual && !(Array.isArray(value) && value.length === 0);
  });
  setSettings({ ...rest, ...(fields.length > 0 && { lora: Object.fromEntries(fields) }) });
}

/** Another kind of adapter, with its usual settings. */
export function changeMethod(method: Method): void {
  const { settings } = settingsStore.getState();
  if (method !== (settings.method ?? 'lora')) setSettings(forMethod(settings, method) as TrainSettings);
}

/** Fields of PEFT's IA3Config; undefined: as is usual for the base. */
export function changeIa3(change: Undefinable<NonNullable<TrainSettings['ia3']>>): void {
  const { settings } = settingsStore.getState();
  setSettings({ ...settings, ia3: defined({ ...settings.ia3, ...change }) });
}

/** Fields of PEFT's PromptTuningConfig. */
export function changePrompt(change: Undefinable<NonNullable<TrainSettings['promptTuning']>>): void {
  const { settings } = settingsStore.getState();
  setSettings({ ...settings, promptTuning: defined({ ...settings.promptTuning, ...change }) });
}

/** Fields of AdapterHub's config. */
export function changeBottleneck(change: Undefinable<NonNullable<TrainSettings['bottleneck']>>): void {
  const { settings } = settingsStore.getState();
  setSettings({ ...settings, bottleneck: defined({ ...settings.bottleneck, ...change }) });
}

type Undefinable<T> = { readonly [K in keyof T]?: T[K] | undefined };

function defined<T extends object>(fields: T) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Exactly one of steps and epochs is set: choosing one takes the other out. */
export function runFor(unit: 'steps' | 'epochs', value: number): void {
  const { steps: _s, epochs: _e, ...rest } = settingsStore.getState().settings;
  setSettings({ ...rest, [unit]: value });
}

export function resetSettings(): void {
  setSettings({ ...USUAL, learningRate: settingsStore.getState().suggestedRate });
}

/** The settings of a run that goes on. */
export function takeSettings(settings: TrainSettings): void {
  setSettings(settings);
}

/** A base of another size wants another learning rate. One that a person has chosen, not the page, stays. */
export function suggestRate({ parameters }: Pick<ModelReport, 'parameters'>): void {
  const { learningRate } = settingsStore.getState().settings;
  const suggested = suggestedRate(parameters);
  settingsStore.setState({ suggestedRate: suggested });
  if (SUGGESTED_RATES.includes(learningRate) && learningRate !== suggested) changeSettings({ learningRate: suggested });
}

/** Another base may read shorter texts and have other layers: what it cannot do is brought back into its range. */
export function fitSettings(base: Pick<ModelReport, 'contextTokens' | 'linearNames'>): void {
  const { settings } = settingsStore.getState();
  const { seqLen, targets } = settings;
  const known = targets === 'all-linear' ? targets : targets.filter((name) => base.linearNames.includes(name));
  fitIa3(base);
  const fits = seqLen <= base.contextTokens && known.length === targets.length;
  if (fits) return;
  changeSettings({
    seqLen: Math.min(seqLen, base.contextTokens),
    targets: known.length > 0 ? known : 'all-linear',
  });
}

/** Names that the base does not have go back to what is usual for it. */
function fitIa3({ linearNames }: Pick<ModelReport, 'linearNames'>): void {
  const { target_modules } = settingsStore.getState().settings.ia3 ?? {};
  const isKnown = (name: string) => linearNames.includes(name.slice(name.lastIndexOf('.') + 1));
  if (Array.isArray(target_modules) && !target_modules.every(isKnown))
    changeIa3({ target_modules: undefined, feedforward_modules: undefined });
}

/** The next run starts from an adapter that has these settings. */
export function startFrom(from: Start, settings: Partial<TrainSettings>): void {
  // Of the method before nothing stays: what starts is what it is.
  setSettings({ ...(forMethod(settingsStore.getState().settings, 'lora') as TrainSettings), ...settings });
  settingsStore.setState({ from });
}

/** The next run starts from that state with all of it, or with its adapter alone. */
export function goOnFrom(goesOn: boolean): void {
  settingsStore.setState(({ from }) => (from?.kind === 'state' ? { from: { ...from, goesOn } } : {}));
}

export function startFresh(): void {
  settingsStore.setState({ from: undefined });
}

export function nameAdapter(name: string): void {
  settingsStore.setState({ adapterName: name.trim() === '' ? undefined : name });
}

function setSettings(settings: TrainSettings): void {
  settingsStore.setState({ settings });
  keep('settings', settings);
}

export function readSettings(stored: unknown): TrainSettings {
  if (typeof stored !== 'object' || stored === null) return USUAL;
  const from = stored as Record<string, unknown>;
  const numbers = NUMBER_KEYS.flatMap((key) => {
    const value = from[key];
    const rule = { ...ruleFor(key), percent: false };
    return typeof value === 'number' && readNumber(rule, String(value)).value !== undefined ? [[key, value]] : [];
  });
  const { epochs, ...defaults } = USUAL;
  const read = { ...defaults, ...Object.fromEntries(numbers), ...readChoices(from) } as TrainSettings;
  const hasOne = (read.steps === undefined) !== (read.epochs === undefined);
  if (hasOne) return read;
  const { steps: _s, epochs: _e, ...rest } = read;
  return { ...rest, epochs: epochs ?? 3 };
}

/** The engine checks the fields of a method before a plan or a run is made of them. */
function readMethod({ method, lora, ia3, promptTuning, bottleneck }: Record<string, unknown>): Partial<TrainSettings> {
  const fields = (value: unknown) => (typeof value === 'object' && !Array.isArray(value) ? (value ?? {}) : {});
  if (method === 'ia3') return { method, ia3: fields(ia3) };
  if (method === 'bottleneck') return { method, bottleneck: fields(bottleneck) };
  if (method === 'prompt-tuning') return { method, promptTuning: fields(promptTuning) };
  return typeof lora === 'object' && lora !== null && !Array.isArray(lora) ? { lora } : {};
}

function readChoices(from: Record<string, unknown>): Partial<TrainSettings> {
  const { schedule, shuffle, targets, checkpointing, badNumbers } = from;
  const isList = Array.isArray(targets) && targets.length > 0 && targets.every((name) => typeof name === 'string');
  return {
    ...(schedule === 'constant' || schedule === 'linear' || schedule === 'cosine' ? { schedule } : {}),
    ...(typeof shuffle === 'boolean' ? { shuffle } : {}),
    ...(CHECKPOINTING_CHOICES.includes(checkpointing as never) ? { checkpointing: checkpointing as never } : {}),
    ...(badNumbers === 'halve' ? { badNumbers } : {}),
    ...readMethod(from),
    ...(isList ? { targets: targets as string[] } : {}),
  };
}
