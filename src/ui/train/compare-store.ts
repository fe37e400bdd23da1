// Several adapters at once: what is tried in different ways while all else is as set, and the runs that follow from it. Survives a
// reload; what storage gives back is checked.
import { createStore } from 'zustand/vanilla';
import {
  MOST_TOGETHER,
  type RecipeAdapter,
  type TogetherAsk,
  type TrainSettings,
  withSettings,
} from '../../engine/protocol.ts';
import { dataStore } from '../data/data-store.ts';
import { rateOf } from '../format.ts';
import { keep, kept } from '../keep.ts';
import { ruleFor } from './settings-rules.ts';
import { settingsStore } from './settings-store.ts';
import { words } from './words.ts';

/** `files`: each file of the data is learned by an adapter of its own. `recipe`: the adapters of an opened recipe. */
const COMPARABLE = ['rank', 'learningRate', 'files', 'recipe'] as const;
export type Comparable = (typeof COMPARABLE)[number];
export type ComparedNumber = Exclude<Comparable, 'files' | 'recipe'>;

interface CompareState {
  /** Undefined: one adapter, as usual. */
  readonly what: Comparable | undefined;
  readonly rank: readonly number[];
  readonly learningRate: readonly number[];
  /** Of the recipe of several that was opened last. */
  readonly adapters: readonly RecipeAdapter[];
}

const RANKS: readonly number[] = [4, 8, 16, 32];
/** Of the rate that is set. */
const RATES: readonly number[] = [0.25, 0.5, 1, 2];

export const compareStore = createStore<CompareState>(() => readCompare(kept('compare')));
void restoreAdapters(kept('compare'));

function change(next: Partial<CompareState>): void {
  compareStore.setState(next);
  keep('compare', compareStore.getState());
}

export function compare(what: Comparable | undefined): void {
  const { learningRate } = compareStore.getState();
  const rate = settingsStore.getState().settings.learningRate;
  const suggested = RATES.map((factor) => Number((rate * factor).toPrecision(2)));
  change({ what, ...(what === 'learningRate' && learningRate.length === 0 && { learningRate: suggested }) });
}

export function changeValue(what: ComparedNumber, index: number, value: number): void {
  change({ [what]: compareStore.getState()[what].with(index, value) });
}

export function removeValue(what: ComparedNumber, index: number): void {
  change({ [what]: compareStore.getState()[what].filter((_, i) => i !== index) });
}

/** One more, twice the last. */
export function addValue(what: ComparedNumber): void {
  const values = compareStore.getState()[what];
  if (values.length >= MOST_TOGETHER) return;
  const { max } = ruleFor(what);
  change({ [what]: [...values, Math.min(max, 2 * (values.at(-1) ?? settingsStore.getState().settings[what]))] });
}

/** The adapters of a recipe, or the one that it has. Throws when one of them cannot be trained on this page. */
export function compareRecipe(adapters: readonly RecipeAdapter[] | undefined): void {
  const many = adapters?.find(({ files = [] }) => files.length > 1);
  if (many) throw new RangeError(words.compare.manyFiles(many.name, many.files!.length));
  if (adapters === undefined) compare(undefined);
  else change({ what: 'recipe', adapters });
}

/** What differs of each adapter; undefined when nothing is compared. */
export interface Way {
  /** "rank 8" */
  readonly says: string;
  /** Of the adapter, where the recipe gives it one. */
  readonly name?: string;
  readonly settings: TrainSettings;
  readonly file?: string;
}

export function waysToTrain(): readonly Way[] | undefined {
  const { what, adapters, ...values } = compareStore.getState();
  const { settings, from } = settingsStore.getState();
  const isGiven = from !== undefined || (what === 'rank' && (settings.method ?? 'lora') !== 'lora');
  if (what === undefined || isGiven) return undefined;
  const w = words.compare.says;
  if (what === 'files') {
    const files = (dataStore.getState().report?.rowFiles ?? []).slice(0, MOST_TOGETHER);
    return files.map(({ name }) => ({ says: name, settings, file: name }));
  }
  if (what === 'recipe')
    return adapters.map(({ name, settings: own = {}, files }) => ({
      ...{ says: name, name, settings: withSettings(settings, own) },
      ...(files && { file: baseName(files[0]!) }),
    }));
  const unlike = [...new Set(values[what])];
  if (what === 'learningRate')
    return unlike.map((learningRate) => ({
      says: w.learningRate(rateOf(learningRate)),
      settings: { ...settings, learningRate },
    }));
  // What the product is scaled by stays: alpha goes with the rank.
  const share = settings.alpha / settings.rank;
  return unlike.map((rank) => ({ says: w.rank(rank), settings: { ...settings, rank, alpha: share * rank } }));
}

/** A recipe has its files where its author had them. */
const baseName = (path: string) => path.slice(1 + Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')));

/** The ways as a recipe says them; undefined when there is one adapter only. */
export function adaptersNow(): readonly RecipeAdapter[] | undefined {
  const ways = waysToTrain();
  if (ways === undefined || ways.length < 2) return undefined;
  const { settings } = settingsStore.getState();
  return ways.map(({ says, settings: own, file }) => {
    const others = Object.entries(own).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(settings[key as keyof TrainSettings]),
    );
    return {
      name: folderName(says),
      ...(others.length > 0 && { settings: Object.fromEntries(others) }),
      ...(file !== undefined && { files: [file] }),
    };
  });
}

/** What the format takes as the name of an adapter's folder. */
const folderName = (says: string) =>
  says
    .replace(/[^A-Za-z0-9_. -]/g, '-')
    .replace(/^[^A-Za-z0-9_]/, '_')
    .slice(0, 80);

/** Why several cannot be trained as chosen. */
export function whyNotCompare(): string | undefined {
  const ways = waysToTrain();
  const files = dataStore.getState().report?.rowFiles ?? [];
  const lost = ways?.find(({ file }) => file !== undefined && !files.some(({ name }) => name === file));
  if (lost) return words.compare.noFile(lost.says, lost.file!);
  if (ways === undefined || ways.length > 1 || compareStore.getState().what === 'recipe') return undefined;
  return compareStore.getState().what === 'files' ? words.compare.oneFile : words.compare.oneValue;
}

export const askOf = ({ settings, file }: Way): Pick<TogetherAsk, 'settings' | 'file'> => ({
  settings,
  ...(file !== undefined && { file }),
});

function readCompare(stored: unknown): CompareState {
  const none: CompareState = { what: undefined, rank: RANKS, learningRate: [], adapters: [] };
  if (typeof stored !== 'object' || stored === null) return none;
  const from = stored as Record<string, unknown>;
  const numbers = (key: ComparedNumber) => {
    const { min, max, whole } = ruleFor(key);
    const isOne = (value: unknown): value is number =>
      typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value));
    const list = from[key];
    return Array.isArray(list) && list.length <= MOST_TOGETHER && list.every(isOne) ? list : none[key];
  };
  return {
    ...none,
    what: COMPARABLE.find((what) => what === from.what && what !== 'recipe'),
    rank: numbers('rank'),
    learningRate: numbers('learningRate'),
  };
}

/** Those of an earlier visit, once what checks them is there; what cannot be read is left alone. */
async function restoreAdapters(stored: unknown): Promise<void> {
  const { what, adapters } = (stored ?? {}) as Partial<CompareState>;
  if (!Array.isArray(adapters) || adapters.length === 0) return;
  try {
    const { readRecipe } = await import('../recipes/read-recipes.ts');
    const read = readRecipe(JSON.stringify({ recipe: 1, settings: {}, adapters })).adapters ?? [];
    compareStore.setState({ adapters: read, ...(what === 'recipe' && { what }) });
  } catch {
    // As if there were none.
  }
}
