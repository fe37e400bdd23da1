// What the page does for someone who looks elsewhere: a notification when a run ends, and a screen that stays awake while
// it goes. Both only by choice.
import { createStore } from 'zustand/vanilla';
import { keep, kept } from '../keep.ts';
import { goTo } from '../shell/place-store.ts';
import { isOver, isRunningHere, runStore, wholeRun } from './run-store.ts';
import { words } from './words.ts';

interface WhenDone {
  readonly notify: boolean;
  readonly keepAwake: boolean;
  /** Why the browser does not do what was chosen. */
  readonly problem: string | undefined;
}

export const whenDoneStore = createStore<WhenDone>(() => ({
  notify: kept('notify') === true,
  keepAwake: kept('keep-awake') === true,
  problem: undefined,
}));

/** The browser asks for its permission now, because someone has asked for it. */
export async function chooseNotify(notify: boolean): Promise<void> {
  const isAllowed = notify && 'Notification' in globalThis && (await Notification.requestPermission()) === 'granted';
  whenDoneStore.setState({ notify: isAllowed, problem: notify && !isAllowed ? words.whenDone.notAllowed : undefined });
  keep('notify', isAllowed);
}

export async function chooseAwake(keepAwake: boolean): Promise<void> {
  whenDoneStore.setState({ keepAwake, problem: undefined });
  keep('keep-awake', keepAwake);
  await holdScreen();
}

let lock: WakeLockSentinel | undefined;

/** Browsers let go of the lock when the page is hidden, and on low battery. */
async function holdScreen(): Promise<void> {
  const wanted = whenDoneStore.getState().keepAwake && isRunningHere();
  if (!wanted) {
    await lock?.release().catch(() => {});
    lock = undefined;
    return;
  }
  if ((lock && !lock.released) || document.visibilityState !== 'visible') return;
  try {
    lock = await navigator.wakeLock.request('screen');
  } catch {
    whenDoneStore.setState({ problem: words.whenDone.noLock });
  }
}

/** How far the run is; and how it has ended, until someone looks. */
function showTitle(): void {
  const { phase, name, step, totalSteps } = wholeRun(runStore.getState());
  const w = words.whenDone;
  const share = totalSteps > 0 ? Math.floor((step / totalSteps) * 100) : 0;
  const isGoing = phase === 'running' || phase === 'paused';
  const says = isGoing ? w.share(share, name) : isOver(phase) && document.hidden ? w.ended[phase](name) : undefined;
  const title = says === undefined ? 'Graft' : `${says} · Graft`;
  if (document.title !== title) document.title = title;
}

/** A click on it leads to the run; on the service worker's, as public/notification-click.js says. */
function tellOfEnd(title: string, body: string): void {
  const options = { body, tag: 'graft-run' };
  try {
    const shown = new Notification(title, options);
    shown.onclick = () => {
      window.focus();
      goTo('train');
      shown.close();
    };
  } catch {
    // Chrome on Android gives them to service workers alone.
    void navigator.serviceWorker
      ?.getRegistration()
      .then((registration) => registration?.showNotification(title, options))
      .catch(() => {});
  }
}

export function followEnd(): void {
  runStore.subscribe(showTitle);
  runStore.subscribe((run, runBefore) => {
    const [now, before] = [wholeRun(run), wholeRun(runBefore)];
    if (now.phase === before.phase) return;
    void holdScreen();
    if (!isOver(now.phase) || !document.hidden || !whenDoneStore.getState().notify) return;
    tellOfEnd(now.name || words.whenDone.title, words.announce[now.phase]);
  });
  navigator.serviceWorker?.addEventListener('message', ({ data }) => {
    if (data === 'show-run') goTo('train');
  });
  document.addEventListener('visibilitychange', () => {
    showTitle();
    void holdScreen();
  });
}
