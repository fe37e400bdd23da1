// How long the rows are, and what the chosen length and the chosen share for validation make of them.
import { createStore } from 'zustand/vanilla';
import type { LengthHistogram } from '../../engine/protocol.ts';
import { engine } from '../engine.ts';
import { showTrouble } from '../shell/trouble-store.ts';
import { settingsStore } from '../train/settings-store.ts';
import { dataStore } from './data-store.ts';

interface LengthsState {
  readonly lengths: LengthHistogram | undefined;
  readonly split: { readonly train: number; readonly validation: number } | undefined;
}

export const lengthsStore = createStore<LengthsState>(() => ({ lengths: undefined, split: undefined }));

let asked = 0;

async function measure(): Promise<void> {
  const mine = ++asked;
  const { seqLen, validationSplit, seed } = settingsStore.getState().settings;
  try {
    const [lengths, split] = await Promise.all([
      engine().data.lengths(seqLen),
      engine().data.splitRows({ validationSplit, seed }),
    ]);
    if (mine === asked) lengthsStore.setState({ lengths, split });
  } catch (error) {
    showTrouble(error);
  }
}

export function followLengths(): void {
  dataStore.subscribe((now, before) => {
    if (now.status === 'none' || now.status === 'waiting')
      lengthsStore.setState({ lengths: undefined, split: undefined });
    else if (now.status === 'ready' && now.report !== before.report) void measure();
  });
  let soon: ReturnType<typeof setTimeout> | undefined;
  settingsStore.subscribe(({ settings }, { settings: old }) => {
    const isSame = (['seqLen', 'validationSplit', 'seed'] as const).every((key) => settings[key] === old[key]);
    if (isSame || dataStore.getState().status !== 'ready') return;
    clearTimeout(soon);
    soon = setTimeout(() => void measure(), 60);
  });
}
