// The whole loop by one button: the first example is taken, trained on with the settings as they stand, and base and adapter are
// asked the same. Whoever goes elsewhere meanwhile is left alone.
import { createStore } from 'zustand/vanilla';
import { playStore } from '../play/play-store.ts';
import { chatTalk } from '../play/talks.ts';
import { goTo, placeStore } from '../shell/place-store.ts';
import { planStore } from '../train/plan-store.ts';
import { runStore } from '../train/run-store.ts';
import { startRun } from '../train/start-run.ts';
import { dataStore } from './data-store.ts';
import { examplesStore, loadExamples, takeExample } from './examples-store.ts';

export const loopStore = createStore<{ isGoing: boolean }>(() => ({ isGoing: false }));

export async function showLoop(): Promise<void> {
  if (loopStore.getState().isGoing) return;
  loopStore.setState({ isGoing: true });
  try {
    await loadExamples();
    const example = examplesStore.getState().examples?.[0];
    if (!example) return;
    await takeExample(example);
    if (!(await isPlanned())) return;
    goTo('train');
    await startRun();
    const { result } = runStore.getState();
    if (!result || placeStore.getState().place !== 'train') return;
    goTo('play');
    chatTalk.store.setState({ prompt: example.ask ?? '' });
    await chatTalk.ask(playStore.getState().columns);
  } finally {
    loopStore.setState({ isGoing: false });
  }
}

/** Resolves when the run could start; false when data or plan have failed, which their places say. */
function isPlanned(): Promise<boolean> {
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const look = () => {
      const { plan, problem } = planStore.getState();
      const hasFailed = problem !== undefined || ['failed', 'none'].includes(dataStore.getState().status);
      if (plan === undefined && !hasFailed) return;
      for (const stop of stops) stop();
      resolve(plan !== undefined && !hasFailed);
    };
    stops.push(planStore.subscribe(look), dataStore.subscribe(look));
    look();
  });
}
