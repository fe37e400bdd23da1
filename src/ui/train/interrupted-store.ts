// The run that an earlier visit left behind, if there is one, and two of the things one can do with it;
// going on with it is in start-run.ts.
import { createStore } from 'zustand/vanilla';
import type { InterruptedRun } from '../../engine/protocol.ts';
import { engine } from '../engine.ts';
import { refreshLibrary } from '../library/library-store.ts';
import { chooseAdapter } from '../play/play-store.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { words } from './words.ts';

interface Interrupted {
  readonly run: InterruptedRun | undefined;
  readonly isBusy: boolean;
  /** This tab was looking on when the one that trained vanished. */
  readonly tabIsGone: boolean;
}

export const interruptedStore = createStore<Interrupted>(() => ({ run: undefined, isBusy: false, tabIsGone: false }));

export async function refreshInterrupted({ tabIsGone = false } = {}): Promise<void> {
  // A storage that cannot be opened has no run to go on with; the library says what is wrong with it.
  const run = await engine()
    .run.interruptedRun()
    .catch((error: Error) => void (error.message.startsWith('Cannot read') && showTrouble(error)));
  interruptedStore.setState({ run, isBusy: false, tabIsGone });
}

export async function keepInterrupted(): Promise<void> {
  await once(async () => {
    const records = await engine().run.keepInterrupted();
    await refreshLibrary();
    for (const { id } of records) chooseAdapter(id);
    announce(words.interrupted.kept(records.map(({ name }) => name).join(', ')));
  });
}

export async function discardInterrupted(): Promise<void> {
  await once(async () => {
    await engine().run.discardInterrupted();
    announce(words.interrupted.discarded);
  });
}

async function once(work: () => Promise<void>): Promise<void> {
  if (interruptedStore.getState().isBusy) return;
  interruptedStore.setState({ isBusy: true });
  try {
    await work();
  } catch (error) {
    showTrouble(error);
  }
  await refreshInterrupted();
}
