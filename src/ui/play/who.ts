// Who answers, in words.
import { isRunningAdapter, runningAdapter } from '../../engine/protocol.ts';
import { libraryStore } from '../library/library-store.ts';
import { runStore } from '../train/run-store.ts';
import { words } from './words.ts';

export function nameOf(adapterId: string | null): string {
  if (adapterId === null) return words.base;
  if (isRunningAdapter(adapterId)) {
    const { name, figures } = runOf(adapterId);
    return words.inTraining(name, figures.step);
  }
  return libraryStore.getState().adapters.find(({ id }) => id === adapterId)?.name ?? words.gone;
}

/** Before it has answered: the step is said with an answer, until then it would only be the one of a moment ago. */
export function nameBefore(adapterId: string | null): string {
  return adapterId !== null && isRunningAdapter(adapterId) ? runOf(adapterId).name : nameOf(adapterId);
}

function runOf(adapterId: string) {
  const run = runStore.getState();
  return run.members.find(({ runId }) => adapterId === runningAdapter(runId!)) ?? run;
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
