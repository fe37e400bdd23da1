// Starting a run: names the adapter, hands everything to the engine, and follows it to its end.
import type { RunEvent, RunStart, TogetherEnd, TrainSettings } from '../../engine/protocol.ts';
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
import { askOf, type Way, waysToTrain } from './compare-store.ts';
import { interruptedStore, refreshInterrupted } from './interrupted-store.ts';
import { planStore } from './plan-store.ts';
import { beginRun, changeRun, failRun, finishRun, isRunning, isRunningHere, takeEvent } from './run-store.ts';
import { settingsStore, startFresh, takeSettings } from './settings-store.ts';
import { words } from './words.ts';

/** "support-answers.jsonl" and rank 8 become "Support answers, rank 8"; of another method its name; of several the data alone. */
export function proposedName(dataName: string, settings?: Pick<TrainSettings, 'method' | 'rank'>): string {
  const stem =
    dataName
      .replace(/\.\w+$/, '')
      .replaceAll(/[-_]+/g, ' ')
      .trim() || words.adapter;
  const name = `${stem.charAt(0).toUpperCase()}${stem.slice(1)}`;
  if (settings === undefined) return name;
  const { method = 'lora', rank } = settings;
  return `${name}, ${method === 'lora' ? `rank ${rank}` : words.method.labels[method]}`;
}

export function adapterName(): string {
  const { adapterName: own, settings } = settingsStore.getState();
  const proposed = own?.trim() || proposedName(dataStore.getState().report?.name ?? '', settings);
  return freeName(proposed, takenNames());
}

/** One for each way, none of them taken. */
function namesOf(ways: readonly Way[]): readonly string[] {
  const { adapterName: own } = settingsStore.getState();
  const stem = own?.trim() || proposedName(dataStore.getState().report?.name ?? '');
  const taken = takenNames();
  return ways.map(({ says, name: own }) => {
    const name = freeName(own ?? `${stem}, ${says}`, taken);
    taken.push(name);
    return name;
  });
}

const takenNames = () => libraryStore.getState().adapters.map((adapter) => adapter.name);

export async function startRun(): Promise<void> {
  if (isRunning()) return;
  const ways = waysToTrain();
  if (ways !== undefined) return startTogether(ways);
  const runId = crypto.randomUUID();
  const { settings, from } = settingsStore.getState();
  const name = adapterName();
  const totalSteps = planStore.getState().plan?.totalSteps ?? 0;
  beginRun({ runId, name, settings, totalSteps, prompts: [] });
  changeRun(runId, () => ({ predicted: predictionNow() }));
  interruptedStore.setState({ run: undefined });
  const samples = await sampleOptions(settings, totalSteps);
  changeRun(runId, () => ({ prompts: samples?.prompts ?? [] }));
  startFresh();
  const { budgetBytes } = budgetStore.getState();
  const options = { budgetBytes, ...(samples && { samples }), ...(from && { from: withoutName(from) }) };
  await followRun([runId], async (onEvent) => [
    { runId, result: await engine().run.train(runId, name, settings, onEvent, options) },
  ]);
}

/** Several adapters at once, one for each way. */
async function startTogether(ways: readonly Way[]): Promise<void> {
  const totalSteps = planStore.getState().plan?.totalSteps ?? 0;
  const names = namesOf(ways);
  const asked = ways.map((way, i) => ({ runId: crypto.randomUUID(), adapterName: names[i]!, ...askOf(way) }));
  const beginnings = asked.map(({ runId, adapterName: name, settings }) => ({ runId, name, settings, totalSteps }));
  beginRun(...beginnings.map((one) => ({ ...one, prompts: [] })));
  interruptedStore.setState({ run: undefined });
  const samples = await sampleOptions(ways[0]!.settings, totalSteps);
  for (const { runId } of asked) changeRun(runId, () => ({ prompts: samples?.prompts ?? [] }));
  const ids = asked.map(({ runId }) => runId);
  const { budgetBytes } = budgetStore.getState();
  const options = { budgetBytes, ...(samples && { samples }) };
  await followRun(ids, (onEvent) => engine().run.trainTogether(asked, onEvent, options));
}

function withoutName({ name: _, ...from }: RunStart & { readonly name: string }): RunStart {
  return from;
}

/** Goes on with the interrupted run. */
export async function goOn(): Promise<void> {
  const { run } = interruptedStore.getState();
  if (!run || isRunning()) return;
  interruptedStore.setState({ run: undefined });
  const left = run.members.filter(({ isDone }) => !isDone);
  if (run.members.length === 1) takeSettings(left[0]!.settings);
  const prompts = run.samples?.prompts ?? [];
  beginRun(...left.map(({ adapterName: name, ...member }) => ({ ...member, name, prompts })));
  goTo('train');
  await followRun(
    left.map(({ runId }) => runId),
    (onEvent) => engine().run.resumeInterrupted(onEvent),
  );
}

/** To the end of a run that has begun on the page, whatever its end is. */
async function followRun(
  runIds: readonly string[],
  run: (onEvent: (event: RunEvent) => void) => Promise<readonly TogetherEnd[]>,
): Promise<void> {
  // The run is over for the eye when its last event says so, a moment before this promise: another may have begun.
  try {
    const ends = await run(takeEvent);
    for (const end of ends) finishRun(end);
    await Promise.all([refreshLibrary(), refreshRuns()]);
    for (const end of ends) if ('result' in end) chooseAdapter(end.result.adapterId);
    if (ends.some((end) => 'problem' in end)) await refreshInterrupted();
  } catch (error) {
    for (const runId of runIds) failRun(runId, sentence(error));
    await Promise.all([refreshLibrary(), refreshInterrupted(), refreshRuns()]);
  }
}

/** A closed tab interrupts a run and loses what the storage has refused, so the browser asks first. */
export function guardRun(): void {
  addEventListener('beforeunload', (event) => {
    const isUnsaved = libraryStore.getState().adapters.some(({ unsaved }) => unsaved !== undefined);
    if (isRunningHere() || isUnsaved) event.preventDefault();
  });
}
