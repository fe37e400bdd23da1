import { useStore } from 'zustand';
import { LineKey } from './line-key.tsx';
import { runsStore } from './runs-store.ts';

/** A piece of the run's line: its colour and its dash. */
export function RunKey({ id }: { id: string }) {
  const place = useStore(runsStore, (s) => s.places.get(id) ?? 0);
  return <LineKey place={place} />;
}
