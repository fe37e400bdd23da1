// How questions are put: as the rows put them that the adapter was trained on, unless someone wants it otherwise. All columns are
// asked alike, or the comparison would say nothing.
import { isRunningAdapter, type Prompting } from '../../engine/protocol.ts';
import { dataStore } from '../data/data-store.ts';
import { libraryStore } from '../library/library-store.ts';
import { type Column, chosenAdapter, playStore } from './play-store.ts';

/** Of the first adapter among the columns. */
export function trainedPrompting(columns: readonly Column[]): Prompting {
  const adapterId = chosenAdapter(columns)?.adapterId ?? null;
  // Nobody can change the data while a run trains on it.
  if (adapterId !== null && isRunningAdapter(adapterId)) return dataStore.getState().report?.prompting ?? {};
  return libraryStore.getState().adapters.find(({ id }) => id === adapterId)?.prompting ?? {};
}

export function promptingFor(columns: readonly Column[]): Prompting {
  const { ownSystem, isOwnWording } = playStore.getState();
  const { system, wording } = trainedPrompting(columns);
  return { system: ownSystem ?? system, wording: isOwnWording ? undefined : wording };
}
