// What the next run will need, asked from the engine shortly after anything that matters has changed.
import { createStore } from 'zustand/vanilla';
import type { GoingOn, MemoryPlan } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { dataStore } from '../data/data-store.ts';
import { engine, sentence } from '../engine.ts';
import { budgetStore } from './budget-store.ts';
import { askOf, compareStore, waysToTrain } from './compare-store.ts';
import { settingsStore } from './settings-store.ts';

interface PlanState {
  readonly plan: MemoryPlan | undefined;
  readonly problem: string | undefined;
  /** Of a run that starts from a state of another: what it would be if it went on there. */
  readonly goingOn: GoingOn | undefined;
}

const NONE: PlanState = { plan: undefined, problem: undefined, goingOn: undefined };

export const planStore = createStore<PlanState>(() => NONE);

let asked = 0;

async function planNow(): Promise<void> {
  const mine = ++asked;
  const isReady = baseStore.getState().status === 'open' && dataStore.getState().status === 'ready';
  if (!isReady) return planStore.setState(NONE);
  try {
    const { budgetBytes } = budgetStore.getState();
    const ways = waysToTrain();
    const { settings, from } = settingsStore.getState();
    const plan =
      ways && ways.length > 0
        ? await engine().run.planTogether(ways.map(askOf), budgetBytes)
        : await engine().run.planRun(settings, budgetBytes);
    const goingOn = from?.kind === 'state' ? await engine().run.goingOn(from, settings) : undefined;
    if (mine === asked) planStore.setState({ plan, problem: undefined, goingOn });
  } catch (error) {
    if (mine === asked) planStore.setState({ ...NONE, problem: sentence(error) });
  }
}

export function followPlan(): void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  const later = () => {
    clearTimeout(soon);
    soon = setTimeout(() => void planNow(), 200);
  };
  settingsStore.subscribe((now, before) => (now.settings !== before.settings || now.from !== before.from) && later());
  budgetStore.subscribe(later);
  compareStore.subscribe(later);
  baseStore.subscribe((now, before) => now.report !== before.report && later());
  dataStore.subscribe((now, before) => (now.status !== before.status || now.report !== before.report) && later());
}
