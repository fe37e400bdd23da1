import { useStore } from 'zustand';
import { lookAt } from './run-look.ts';
import { runsStore } from './runs-store.ts';

/** A piece of the run's line: its colour and its dash. */
export function RunKey({ id }: { id: string }) {
  const place = useStore(runsStore, (s) => s.places.get(id) ?? 0);
  const { stroke, dash } = lookAt(place);
  return (
    <svg className="run-key" viewBox="0 0 26 10" aria-hidden="true">
      <line x1="1" x2="25" y1="5" y2="5" style={{ stroke: `var(${stroke})` }} strokeDasharray={dash.join(' ')} />
    </svg>
  );
}
