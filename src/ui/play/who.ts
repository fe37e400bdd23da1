// Who answers, in words.
import { isRunningAdapter, runningAdapter } from '../../engine/protocol.ts';
import { libraryStore } from '../library/library-store.ts';
import { runStore } from '../train/run-store.ts';
import { words } from './words.ts';

export function nameOf(adapterId: string | null): string {
  if (adapterId === null) return words.base;
  if (isRunningAdapter(adapterId)) {
    const { members } = runStore.getState();
    const { name, figures } = members.find(({ runId }) => adapterId === runningAdapter(runId!)) ?? runStore.getState();
    return words.inTraining(name, figures.step);
  }
  return libraryStore.getState().adapters.find(({ id }) => id === adapterId)?.name ?? words.gone;
}

export function titleOf({
  name,
  strength,
  adapterId,
}: {
  name: string;
  strength: number;
  adapterId: string | null;
}): string {
  return adapterId === null ? name : words.withAdapter(name, String(strength));
}
