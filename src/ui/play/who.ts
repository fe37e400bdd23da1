// Who answers, in words.
import { RUNNING_ADAPTER } from '../../engine/protocol.ts';
import { libraryStore } from '../library/library-store.ts';
import { runStore } from '../train/run-store.ts';
import { words } from './words.ts';

export function nameOf(adapterId: string | null): string {
  if (adapterId === null) return words.base;
  if (adapterId === RUNNING_ADAPTER) {
    const { name, figures } = runStore.getState();
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
