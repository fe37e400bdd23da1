// The run that another tab trains is shown here as it goes, and can be paused, stopped and given another rate; when its tab is
// gone, what is left of it is offered.
import type { OtherTabEvent } from '../../engine/protocol.ts';
import { engine } from '../engine.ts';
import { refreshLibrary } from '../library/library-store.ts';
import { refreshRuns } from '../runs/runs-store.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { interruptedStore, refreshInterrupted } from './interrupted-store.ts';
import { beginRun, failRun, finishRun, forgetRun, isRunningHere, runStore, takeEvent } from './run-store.ts';
import { words } from './words.ts';

export async function followOtherTabs(): Promise<void> {
  await engine().run.followOtherTabs((event) => void take(event));
}

async function take(event: OtherTabEvent): Promise<void> {
  if (isRunningHere()) return;
  const isShown = (runId: string) =>
    runStore.getState().isElsewhere && runStore.getState().members.some((member) => member.runId === runId);
  if (event.type === 'run') {
    const { adapterName, samples, others = [] } = event.run;
    const prompts = samples?.prompts ?? [];
    const begins = [event.run, ...others].map(({ adapterName: name, runId, settings }) => ({ runId, name, settings }));
    beginRun(...begins.map((one) => ({ ...one, totalSteps: 0, prompts })));
    runStore.setState({ isElsewhere: true });
    announce(words.elsewhere.began(adapterName));
    for (const told of event.events) takeEvent(told);
    await Promise.all([refreshRuns(), refreshInterrupted()]);
  } else if (event.type === 'event') {
    takeEvent(event.event);
  } else if (event.type === 'end' && isShown(event.runId)) {
    for (const end of event.ends ?? []) finishRun(end);
    for (const { runId, message, phase } of event.ends ? [] : runStore.getState().members)
      if (phase !== 'done' && phase !== 'stopped') failRun(runId!, message ?? words.announce.failed);
    await Promise.all([refreshLibrary(), refreshRuns(), refreshInterrupted()]);
  } else if (event.type === 'gone' && isShown(event.runId)) {
    const names = runStore.getState().members.map(({ name }) => name);
    forgetRun();
    await Promise.all([refreshLibrary(), refreshRuns(), refreshInterrupted({ tabIsGone: true })]);
    if (interruptedStore.getState().run) announce(words.elsewhere.gone);
    else showTrouble(new Error(words.elsewhere.nothingKept(names.join('”, “'))));
  }
}
