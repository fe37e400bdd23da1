// The questions that a run is asked on its way. They survive a reload; without any, one is taken from the data.
import { createStore } from 'zustand/vanilla';
import type { SampleOptions, TrainSettings } from '../../engine/protocol.ts';
import { dataStore } from '../data/data-store.ts';
import { engine } from '../engine.ts';
import { keep, kept } from '../keep.ts';
import { deviceStore } from '../shell/device-store.ts';

const MOST_PROMPTS = 4;
const MOST_CHARS = 2000;
/** Moments of a run at which its questions are asked when nobody has said how often. */
const MOMENTS = 8;

export interface SampleSettings {
  /** Undefined: on a GPU yes, on a software adapter no, where answers take longer than steps. */
  readonly isOn: boolean | undefined;
  /** One a line. */
  readonly prompts: string;
  /** 0: eight times a run. */
  readonly everySteps: number;
  readonly maxTokens: number;
}

const DEFAULT: SampleSettings = { isOn: undefined, prompts: '', everySteps: 0, maxTokens: 32 };

export const samplesStore = createStore<SampleSettings>(() => read(kept('samples')));

export function changeSamples(change: Partial<SampleSettings>): void {
  samplesStore.setState(change);
  keep('samples', samplesStore.getState());
}

export function areSamplesOn({ isOn }: SampleSettings, isSoftware: boolean): boolean {
  return isOn ?? !isSoftware;
}

export function promptsOf({ prompts }: Pick<SampleSettings, 'prompts'>): string[] {
  return prompts
    .split('\n')
    .map((line) => line.trim().slice(0, MOST_CHARS))
    .filter((line) => line !== '')
    .slice(0, MOST_PROMPTS);
}

/** What the next run is told; undefined when it is asked nothing. */
export async function sampleOptions(settings: TrainSettings, totalSteps: number): Promise<SampleOptions | undefined> {
  const samples = samplesStore.getState();
  if (!areSamplesOn(samples, deviceStore.getState().report?.isSoftware ?? false)) return undefined;
  const own = promptsOf(samples);
  const prompts = own.length > 0 ? own : await promptsOfData(settings);
  const { system, wording } = dataStore.getState().report?.prompting ?? {};
  // Those of the data are worded already.
  const prompting = { system, wording: own.length > 0 ? wording : undefined };
  if (prompts.length === 0) return undefined;
  const everySteps = samples.everySteps || Math.max(1, Math.ceil(totalSteps / MOMENTS));
  return { prompts, everySteps, maxTokens: samples.maxTokens, prompting };
}

/** A question of the rows held back, which the run does not learn from; else one of the first rows. */
async function promptsOfData({ validationSplit, seed }: TrainSettings): Promise<string[]> {
  try {
    const query = { search: '', show: 'used', sort: 'file' } as const;
    const { rows } = await engine().data.queryRows(query, { validationSplit, seed }, 0, 100);
    const asked = rows.filter(({ prompt }) => prompt.trim() !== '');
    const row = asked.find(({ side }) => side === 'validation') ?? asked[0];
    return row ? [row.prompt.trim()] : [];
  } catch {
    // Samples are a courtesy: a run goes without them.
    return [];
  }
}

function read(stored: unknown): SampleSettings {
  if (typeof stored !== 'object' || stored === null) return DEFAULT;
  const { isOn, prompts, everySteps, maxTokens } = stored as Record<string, unknown>;
  const whole = (value: unknown, low: number, high: number) =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
  return {
    isOn: typeof isOn === 'boolean' ? isOn : DEFAULT.isOn,
    prompts: typeof prompts === 'string' ? prompts : DEFAULT.prompts,
    everySteps: whole(everySteps, 0, 100_000) ? (everySteps as number) : DEFAULT.everySteps,
    maxTokens: whole(maxTokens, 1, 200) ? (maxTokens as number) : DEFAULT.maxTokens,
  };
}
