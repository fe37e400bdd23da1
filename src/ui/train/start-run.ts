// Starting a run: names the adapter, hands everything to the engine, and follows it to its end.
import type { RunEvent, RunResult, RunStart, TrainSettings } from '../../engine/protocol.ts';
import { dataStore } from '../data/data-store.ts';
import { engine, sentence } from '../engine.ts';
import { freeName } from '../library/find-adapters.ts';
import { libraryStore, refreshLibrary } from '../library/library-store.ts';
import { chooseAdapter } from '../play/play-store.ts';
import { refreshRuns } from '../runs/runs-store.ts';
import { sampleOptions } from '../samples/samples-store.ts';
import { goTo } from '../shell/place-store.ts';
import { predictionNow } from './autopilot-store.ts';
import { budgetStore } from './budget-store.ts';
import { interruptedStore, refreshInterrupted } from './interrupted-store.ts';
import { planStore } from './plan-store.ts';
import { beginRun, failRun, finishRun, isRunning, isRunningHere, runStore, takeEvent } from './run-store.ts';
import { settingsStore, startFresh, takeSettings } from './settings-store.ts';
import { words } from './words.ts';

/** "support-answers.jsonl" and rank 8 become "Support answers, rank 8"; of another method its name. */
export function proposedName(
  dataName: string,
  { method = 'lora', rank }: Pick<TrainSettings, 'method' | 'rank'>,
): string {
  const stem =
    dataName
      .replace(/\.\w+$/, '')
      .replaceAll(/[-_]+/g, ' ')
      .trim() || words.adapter;
  return `${stem.charAt(0).toUpperCase()}${stem.slice(1)}, ${method === 'lora' ? `rank ${rank}` : words.method.labels[method]}`;
}

export function adapterName(): string {
  const { adapterName: own, settings } = settingsStore.getState();
  const proposed = own?.trim() || proposedName(dataStore.getState().report?.name ?? '', settings);
  return freeName(
    proposed,
    libraryStore.getState().adapters.map((adapter) => adapter.name),
  );
}

export async function startRun(): Promise<void> {
  if (isRunning()) return;
  const runId = crypto.randomUUID();
  const { settings, from } = settingsStore.getState();
  const name = adapterName();
  const totalSteps = planStore.getState().plan?.totalSteps ?? 0;
  beginRun(runId, name, settings, totalSteps);
  runStore.setState({ predicted: predictionNow() });
  interruptedStore.setState({ run: undefined });
  const samples = await sampleOptions(settings, totalSteps);
  runStore.setState({ prompts: samples?.prompts ?? [] });
  startFresh();
  const { budgetBytes } = budgetStore.getState();
  const options = { budgetBytes, ...(samples && { samples }), ...(from && { from: withoutName(from) }) };
  await followRun(runId, (onEvent) => engine().run.train(runId, name, settings, onEvent, options));
}

function withoutName({ name: _, ...from }: RunStart & { readonly name: string }): RunStart {
  return from;
}

/** Goes on with the interrupted run. */
export async function goOn(): Promise<void> {
  const { run } = interruptedStore.getState();
  if (!run || isRunning()) return;
  interruptedStore.setState({ run: undefined });
  takeSettings(run.settings);
  beginRun(run.runId, run.adapterName, run.settings, run.totalSteps, run.samples?.prompts);
  goTo('train');
  await followRun(run.runId, (onEvent) => engine().run.resumeInterrupted(onEvent));
}

/** To the end of a run that has begun on the page, whatever its end is. */
async function followRun(
  runId: string,
  run: (onEvent: (event: RunEvent) => void) => Promise<RunResult>,
): Promise<void> {
  // The run is over for the eye when its last event says so, a moment before this promise: another may have begun.
  const isMine = () => runStore.getState().runId === runId;
  try {
    const result = await run(takeEvent);
    if (isMine()) finishRun(result);
    await Promise.all([refreshLibrary(), refreshRuns()]);
    chooseAdapter(result.adapterId);
  } catch (error) {
    if (isMine()) failRun(sentence(error));
    await Promise.all([refreshLibrary(), refreshInterrupted(), refreshRuns()]);
  }
}

/** A closed tab interrupts a run and loses what the storage has refused, so the browser asks first. */
export function guardRun(): void {
  addEventListener('beforeunload', (event) => {
    const isUnsaved = libraryStore.getState().adapters.some(({ unsaved }) => unsaved !== undefined);
    if (isRunningHere() || isUnsaved) event.preventDefault();
  });
  runStore.subscribe(({ phase, figures, name }) => {
    const share = figures.totalSteps > 0 ? Math.floor((figures.step / figures.totalSteps) * 100) : 0;
    const title = phase === 'running' || phase === 'paused' ? `${share} % · ${name} · Graft` : 'Graft';
    if (document.title !== title) document.title = title;
  });
}
