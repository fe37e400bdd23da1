// The run that another tab trains is shown here as it goes, and can be paused, stopped and given another rate; when its tab is
// gone, what is left of it is offered.
import type { OtherTabEvent } from '../../engine/protocol.ts';
import { engine } from '../engine.ts';
import { refreshLibrary } from '../library/library-store.ts';
import { refreshRuns } from '../runs/runs-store.ts';
import { announce } from '../shell/trouble-store.ts';
import { refreshInterrupted } from './interrupted-store.ts';
import { beginRun, failRun, finishRun, forgetRun, isRunningHere, runStore, takeEvent } from './run-store.ts';
import { words } from './words.ts';

export async function followOtherTabs(): Promise<void> {
  await engine().run.followOtherTabs((event) => void take(event));
}

async function take(event: OtherTabEvent): Promise<void> {
  if (isRunningHere()) return;
  const isShown = (runId: string) => runStore.getState().isElsewhere && runStore.getState().runId === runId;
  if (event.type === 'run') {
    const { runId, adapterName, settings, samples } = event.run;
    beginRun(runId, adapterName, settings, 0, samples?.prompts);
    runStore.setState({ isElsewhere: true });
    announce(words.elsewhere.began(adapterName));
    for (const told of event.events) takeEvent(told);
    await Promise.all([refreshRuns(), refreshInterrupted()]);
  } else if (event.type === 'event') {
    takeEvent(event.event);
  } else if (event.type === 'end' && isShown(event.runId)) {
    if (event.result) finishRun(event.result);
    else failRun(runStore.getState().message ?? words.announce.failed);
    await Promise.all([refreshLibrary(), refreshRuns(), refreshInterrupted()]);
  } else if (event.type === 'gone' && isShown(event.runId)) {
    forgetRun();
    announce(words.elsewhere.gone);
    await Promise.all([refreshLibrary(), refreshRuns(), refreshInterrupted()]);
  }
}
