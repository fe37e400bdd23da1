// An adapter on its way to the Hub. The token is never here: the dialog holds it and hands it over.
import { createStore } from 'zustand/vanilla';
import type { AdapterRecord, Progress, PushTarget } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { words } from './words.ts';

interface PushState {
  /** The adapter whose dialog is open. */
  readonly id: string | undefined;
  readonly phase: 'asking' | 'sending' | 'done';
  readonly progress: Progress | undefined;
  readonly problem: string | undefined;
  readonly url: string | undefined;
}

const CLOSED: PushState = { id: undefined, phase: 'asking', progress: undefined, problem: undefined, url: undefined };
export const pushStore = createStore<PushState>(() => CLOSED);

export function openPush({ id }: AdapterRecord): void {
  pushStore.setState({ ...CLOSED, id });
}

/** What is being sent goes on. */
export function closePush(): void {
  pushStore.setState({ id: undefined });
}

export async function pushAdapter({ id }: AdapterRecord, target: PushTarget): Promise<void> {
  if (pushStore.getState().phase === 'sending') return;
  pushStore.setState({ phase: 'sending', problem: undefined, progress: undefined });
  try {
    const onProgress = (progress: Progress) => {
      pushStore.setState({ progress: { ...progress, what: words.push.sending } });
    };
    const { url } = await engine().library.pushAdapter(id, target, onProgress);
    pushStore.setState({ phase: 'done', url, progress: undefined });
  } catch (error) {
    pushStore.setState({ phase: 'asking', problem: sentence(error), progress: undefined });
  }
}
