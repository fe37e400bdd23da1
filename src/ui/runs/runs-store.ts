// All runs that were made in this browser: the engine keeps them; here is the list, what is laid over one another, and undo.
import { createStore } from 'zustand/vanilla';
import { MOST_TOGETHER, type RunCurves, type RunRecord } from '../../engine/protocol.ts';
import { engine } from '../engine.ts';
import { refreshLibrary } from '../library/library-store.ts';
import { goTo } from '../shell/place-store.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { RunPoints } from '../train/run-points.ts';
import { startFrom, takeSettings } from '../train/settings-store.ts';
import { placesOf } from './run-look.ts';
import { words } from './words.ts';

/** More lines than looks, and a chart of them says nothing. */
const MOST_SHOWN = 6;

export interface Curves {
  readonly points: RunPoints;
  readonly samples: RunCurves['samples'];
}

interface RunsState {
  /** Newest first. */
  readonly runs: readonly RunRecord[];
  readonly places: ReadonlyMap<string, number>;
  /** Laid over one another, in the order in which they were chosen: the first is what the others are compared with. */
  readonly shown: readonly string[];
  readonly curves: ReadonlyMap<string, Curves>;
  /** Whose settings, answers and notes stand below the table. */
  readonly opened: string | undefined;
  readonly deleted: RunRecord | undefined;
}

export const runsStore = createStore<RunsState>(() => ({
  runs: [],
  places: new Map(),
  shown: [],
  curves: new Map(),
  opened: undefined,
  deleted: undefined,
}));

/** What an earlier visit has deleted goes for good, then the list is read. */
export async function bringUpRuns(): Promise<void> {
  await engine()
    .runs.forgetDeleted()
    .catch(() => {});
  await refreshRuns();
}

export async function refreshRuns(): Promise<void> {
  await claimed(async () => {
    const runs = await engine().runs.listRuns();
    const places = placesOf(runs.map(({ id }) => id).reverse());
    runsStore.setState((s) => {
      const isThere = (id: string) => places.has(id);
      // A run that went on since it was read is read again.
      const fresh = new Map(
        [...s.curves].filter(([id, { points }]) => runs.find((r) => r.id === id)?.steps === points.count),
      );
      return {
        runs,
        places,
        curves: fresh,
        shown: s.shown.filter(isThere),
        opened: s.opened && isThere(s.opened) ? s.opened : undefined,
      };
    });
    await readCurves();
  });
}

/** The newest ones, when nothing is chosen yet. */
export async function showSome(): Promise<void> {
  const { shown, runs } = runsStore.getState();
  if (shown.length === 0) runsStore.setState({ shown: runs.slice(0, MOST_TOGETHER).map(({ id }) => id) });
  await readCurves();
}

export async function toggleShown(id: string): Promise<void> {
  runsStore.setState(({ shown }) => ({
    shown: shown.includes(id) ? shown.filter((other) => other !== id) : [...shown, id].slice(-MOST_SHOWN),
  }));
  await readCurves();
}

export async function openRun(id: string | undefined): Promise<void> {
  runsStore.setState({ opened: id });
  await readCurves();
}

async function readCurves(): Promise<void> {
  const { shown, opened, curves } = runsStore.getState();
  const missing = [...shown, ...(opened ? [opened] : [])].filter((id) => !curves.has(id));
  await claimed(async () => {
    for (const id of new Set(missing)) {
      const found = await engine().runs.runCurves(id);
      if (found) runsStore.setState((s) => ({ curves: new Map(s.curves).set(id, fromEngine(found)) }));
    }
  });
}

function fromEngine(curves: RunCurves): Curves {
  const points = new RunPoints();
  const { loss, lr, gradNorm, tokens, ms } = curves;
  for (let i = 0; i < loss.length; i++)
    points.addStep({ loss: loss[i]!, lr: lr[i]!, gradNorm: gradNorm[i]!, tokens: tokens[i]!, ms: ms[i]! });
  for (const entry of curves.evals) points.addEval(entry);
  for (const entry of curves.rates) points.addRate(entry);
  return { points, samples: curves.samples };
}

export async function noteRun(id: string, notes: string): Promise<void> {
  runsStore.setState(({ runs }) => ({ runs: runs.map((run) => (run.id === id ? { ...run, notes } : run)) }));
  await claimed(() => engine().runs.noteRun(id, notes));
}

export async function deleteRun(run: RunRecord): Promise<void> {
  await claimed(async () => {
    await engine().runs.deleteRun(run.id);
    runsStore.setState({ deleted: run });
    announce(words.deleted(run.name));
  });
  await refreshRuns();
}

export async function undoDelete(): Promise<void> {
  const { deleted } = runsStore.getState();
  if (!deleted) return;
  await claimed(async () => {
    await engine().runs.restoreRun(deleted.id);
    runsStore.setState({ deleted: undefined });
    announce(words.restored(deleted.name));
  });
  await refreshRuns();
}

/** The settings of a run, for the next one. */
export function takeSettingsOf(run: RunRecord): void {
  takeSettings(run.settings);
  goTo('train');
}

/** The next run starts where this one stood: after `step`, or from its adapter. */
export function fork(run: RunRecord, step: number | 'adapter'): void {
  const { id, name, adapterId, settings } = run;
  if (step !== 'adapter') startFrom({ kind: 'state', runId: id, step, goesOn: true, name }, settings);
  else if (adapterId) startFrom({ kind: 'adapter', adapterId, name }, settings);
  goTo('train');
}

export async function keepState(run: RunRecord, step: number): Promise<void> {
  await claimed(async () => {
    const { name } = await engine().runs.keepState(run.id, step);
    await refreshLibrary();
    announce(words.kept(name));
  });
}

async function claimed(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    showTrouble(error);
  }
}
