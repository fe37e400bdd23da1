// The loaded base model: one at a time, the bundled one unless someone brings another.
import { createStore } from 'zustand/vanilla';
import type { ModelReport, ModelSource, Progress, QuantAsk } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { announce } from '../shell/trouble-store.ts';
import { words } from './words.ts';

interface BaseState {
  readonly status: 'none' | 'opening' | 'open' | 'failed';
  readonly source: ModelSource | undefined;
  readonly quant: QuantAsk;
  readonly report: ModelReport | undefined;
  readonly progress: Progress | undefined;
  readonly problem: string | undefined;
}

export const baseStore = createStore<BaseState>(() => ({
  status: 'none',
  source: undefined,
  quant: 'auto',
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
  if (source.kind === 'hub') return source.id;
  return source.kind === 'bundled' ? words.bundledName : source.name;
}

/** Openings asked for until now: only the last one may speak. */
let asked = 0;
/** What the engine goes on holding until another base is open. */
let lastOpen: Pick<BaseState, 'source' | 'quant' | 'report'> | undefined;

export async function openBase(source: ModelSource, quant: QuantAsk = baseStore.getState().quant): Promise<void> {
  baseStore.setState({ status: 'opening', source, quant, report: undefined, progress: undefined, problem: undefined });
  const mine = ++asked;
  const isLast = () => asked === mine;
  try {
    const report = await engine().base.openModel(source, quant, (progress) => {
      if (isLast() && baseStore.getState().status === 'opening') baseStore.setState({ progress });
    });
    lastOpen = { source, quant, report };
    if (!isLast()) return;
    baseStore.setState({ status: 'open', report, progress: undefined });
    announce(words.announceOpen(report.name));
  } catch (error) {
    if (isLast()) baseStore.setState({ status: 'failed', problem: sentence(error), progress: undefined });
  }
}

/** Back to the base that was open before, if one was. */
export function cancelOpening(): void {
  if (baseStore.getState().status !== 'opening') return;
  asked++;
  const before = lastOpen ?? { source: undefined, report: undefined };
  baseStore.setState({ ...before, status: lastOpen ? 'open' : 'none', progress: undefined, problem: undefined });
  void engine().base.cancelOpening();
}

export function reopenAs(quant: QuantAsk): void {
  const { source } = baseStore.getState();
  if (source) void openBase(source, quant);
  else baseStore.setState({ quant });
}
