// While a run trains on the rows, nobody changes them.
import { useStore } from 'zustand';
import { running, runStore } from '../train/run-store.ts';

export function useLocked(): boolean {
  return useStore(runStore, running);
}
