// Who answers and how: the columns of Play and the settings that all of them share. They survive a reload; what storage
// gives back is checked field by field.
import { createStore } from 'zustand/vanilla';
import { isRunningAdapter, MOST_ANSWERS } from '../../engine/protocol.ts';
import { keep, kept } from '../keep.ts';
import { libraryStore } from '../library/library-store.ts';

export interface Column {
  /** Stays the same while the one who answers changes. */
  readonly key: number;
  /** null: the base alone. */
  readonly adapterId: string | null;
  /** 1 = as trained. */
  readonly strength: number;
}

export type PlayMode = 'chat' | 'blind' | 'evaluate';
export const PLAY_MODES: readonly PlayMode[] = ['chat', 'blind', 'evaluate'];

export interface PlaySettings {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  /** 0 = all. */
  readonly topK: number;
  /** 0 = all. */
  readonly minP: number;
  /** 1 = none. */
  readonly repetitionPenalty: number;
  readonly seed: number;
}

interface PlayState {
  readonly mode: PlayMode;
  /** False: the prompt is continued as it stands. */
  readonly chat: boolean;
  /** The system message that someone has written; undefined: the one that the adapter was trained with. */
  readonly ownSystem: string | undefined;
  /** Questions go as they are written, whatever the wording of the adapter's rows was. */
  readonly isOwnWording: boolean;
  /** Tokens are coloured by how likely the model found them. */
  readonly showsDoubt: boolean;
  readonly columns: readonly Column[];
  readonly settings: PlaySettings;
  /** Texts that end an answer, one a line. */
  readonly stopTexts: string;
}

export const MAX_COLUMNS = MOST_ANSWERS;

const DEFAULT_PLAY: PlaySettings = {
  maxTokens: 128,
  temperature: 0,
  topP: 0.95,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  seed: 0,
};

/** What storage gives back is taken within these. */
const LIMITS: Record<keyof PlaySettings, readonly [number, number]> = {
  temperature: [0, 2],
  topP: [0.01, 1],
  topK: [0, 1000],
  minP: [0, 1],
  repetitionPenalty: [1, 2],
  maxTokens: [1, 4096],
  seed: [0, 2 ** 31 - 1],
};

const START: PlayState = {
  mode: 'chat',
  chat: true,
  ownSystem: undefined,
  isOwnWording: false,
  showsDoubt: false,
  columns: [{ key: 0, adapterId: null, strength: 1 }],
  settings: DEFAULT_PLAY,
  stopTexts: '',
};

export const playStore = createStore<PlayState>(() => readPlay(kept('play')));

export function changePlay(change: Partial<PlayState>): void {
  playStore.setState(change);
  keep('play', playStore.getState());
}

export function changePlaySettings(change: Partial<PlaySettings>): void {
  changePlay({ settings: { ...playStore.getState().settings, ...change } });
}

export function changeColumn(key: number, change: Partial<Omit<Column, 'key'>>): void {
  const { columns } = playStore.getState();
  changePlay({ columns: columns.map((column) => (column.key === key ? { ...column, ...change } : column)) });
}

export function addColumn(adapterId: string | null): void {
  const { columns } = playStore.getState();
  if (columns.length >= MAX_COLUMNS) return;
  const key = Math.max(-1, ...columns.map((column) => column.key)) + 1;
  changePlay({ columns: [...columns, { key, adapterId, strength: 1 }] });
}

export function removeColumn(key: number): void {
  const { columns } = playStore.getState();
  if (columns.length > 1) changePlay({ columns: columns.filter((column) => column.key !== key) });
}

/** The adapter answers beside the base: in the first column that has an adapter, or in a new one. */
export function chooseAdapter(adapterId: string | undefined): void {
  const { columns } = playStore.getState();
  if (adapterId === undefined || columns.some((column) => column.adapterId === adapterId)) return;
  const first = columns.find((column) => column.adapterId !== null);
  if (first) changeColumn(first.key, { adapterId });
  else addColumn(adapterId);
}

/** The base and these adapters, side by side. */
export function showColumns(adapterIds: readonly string[]): void {
  const columns = [null, ...adapterIds].slice(0, MAX_COLUMNS);
  changePlay({ columns: columns.map((adapterId, key) => ({ key, adapterId, strength: 1 })) });
}

/** The settings as the engine takes them. */
export function howToAnswer() {
  const { settings, stopTexts } = playStore.getState();
  const { maxTokens, ...sampling } = settings;
  return { maxTokens, sampling, stopTexts: stopTexts.split('\n').filter((line) => line !== '') };
}

/** The adapter that stands beside the base where there is room for one only. */
export function chosenAdapter(columns: readonly Column[]): Column | undefined {
  return columns.find((column) => column.adapterId !== null);
}

/** The newest adapter is taken when there is none yet; columns of adapters that are gone are closed. */
export function followLibrary(): void {
  libraryStore.subscribe(({ status, adapters }) => {
    if (status !== 'listed') return;
    const { columns } = playStore.getState();
    const isThere = ({ adapterId }: Column) =>
      adapterId === null || isRunningAdapter(adapterId) || adapters.some(({ id }) => id === adapterId);
    const left = columns.filter(isThere);
    if (left.length < columns.length) changePlay({ columns: left.length > 0 ? left : START.columns });
    const isFresh = left.length < columns.length || (columns.length === 1 && adapters.length === 1);
    if (isFresh && left.every(({ adapterId }) => adapterId === null)) chooseAdapter(adapters[0]?.id);
  });
}

function readPlay(saved: unknown): PlayState {
  if (typeof saved !== 'object' || saved === null) return START;
  const from = saved as Record<string, unknown>;
  const { columns, settings } = from;
  return {
    mode: PLAY_MODES.find((mode) => mode === from.mode) ?? START.mode,
    chat: from.chat !== false,
    // `system`: until it could be the adapter's own.
    ownSystem: [from.ownSystem, from.system || undefined].find((text) => typeof text === 'string'),
    isOwnWording: from.isOwnWording === true,
    showsDoubt: from.showsDoubt === true,
    columns: Array.isArray(columns) ? readColumns(columns) : START.columns,
    settings: readNumbers(settings),
    stopTexts: typeof from.stopTexts === 'string' ? from.stopTexts : '',
  };
}

function readColumns(saved: readonly unknown[]): readonly Column[] {
  const columns = saved.flatMap((one, key): Column[] => {
    if (typeof one !== 'object' || one === null) return [];
    const { adapterId, strength } = one as Partial<Column>;
    if (adapterId !== null && typeof adapterId !== 'string') return [];
    // A run of an earlier visit is over.
    if (adapterId !== null && isRunningAdapter(adapterId)) return [];
    return [
      { key, adapterId, strength: typeof strength === 'number' && strength >= 0 && strength <= 4 ? strength : 1 },
    ];
  });
  return columns.length > 0 ? columns.slice(0, MAX_COLUMNS) : START.columns;
}

function readNumbers(saved: unknown): PlaySettings {
  const from = (typeof saved === 'object' && saved !== null ? saved : {}) as Record<string, unknown>;
  const read = Object.entries(LIMITS).map(([name, [min, max]]) => {
    const value = from[name];
    const isValid = typeof value === 'number' && value >= min && value <= max;
    return [name, isValid ? value : DEFAULT_PLAY[name as keyof PlaySettings]];
  });
  return Object.fromEntries(read) as PlaySettings;
}
