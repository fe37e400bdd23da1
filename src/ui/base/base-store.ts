// The loaded base model: one at a time, the bundled one unless someone brings another.
import { createStore } from 'zustand/vanilla';
import type { ModelReport, ModelSource, Progress, QuantScheme } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { announce } from '../shell/trouble-store.ts';
import { words } from './words.ts';

interface BaseState {
  readonly status: 'none' | 'opening' | 'open' | 'failed';
  readonly source: ModelSource | undefined;
  readonly quant: QuantScheme;
  readonly report: ModelReport | undefined;
  readonly progress: Progress | undefined;
  readonly problem: string | undefined;
}

export const baseStore = createStore<BaseState>(() => ({
  status: 'none',
  source: undefined,
  quant: 'q8',
  report: undefined,
  progress: undefined,
  problem: undefined,
}));

/** Served beside the page, whatever sub-path that is. */
export const BUNDLED = (): ModelSource => ({
  kind: 'bundled',
  id: 'scion',
  url: new URL('models/scion/', document.baseURI).href,
});

export function sourceName(source: ModelSource): string {
  return source.kind === 'bundled' ? words.bundledName : source.name;
}

export async function openBase(source: ModelSource, quant: QuantScheme = baseStore.getState().quant): Promise<void> {
  baseStore.setState({ status: 'opening', source, quant, report: undefined, progress: undefined, problem: undefined });
  // A second opening may overtake this one: only the last one asked for may speak.
  const isLast = () => baseStore.getState().source === source && baseStore.getState().quant === quant;
  try {
    const report = await engine().openModel(source, quant, (progress) => {
      if (isLast() && baseStore.getState().status === 'opening') baseStore.setState({ progress });
    });
    if (!isLast()) return;
    baseStore.setState({ status: 'open', report, progress: undefined });
    announce(words.announceOpen(report.name));
  } catch (error) {
    if (isLast()) baseStore.setState({ status: 'failed', problem: sentence(error), progress: undefined });
  }
}

export function reopenAs(quant: QuantScheme): void {
  const { source } = baseStore.getState();
  if (source) void openBase(source, quant);
  else baseStore.setState({ quant });
}
