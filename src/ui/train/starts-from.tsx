import { useStore } from 'zustand';
import { running, runStore } from './run-store.ts';
import { settingsStore, startFresh } from './settings-store.ts';
import { words } from './words.ts';

/** The next run goes on from an earlier one: which, and the way back to a fresh adapter. */
export function StartsFrom() {
  const from = useStore(settingsStore, (s) => s.from);
  const isRunning = useStore(runStore, running);
  if (!from || isRunning) return null;
  const w = words.startsFrom;
  return (
    <section className="given-one given-from" aria-label={w.title}>
      <span className="eyebrow">{w.title}</span>
      <b className="breaks">{from.kind === 'state' ? w.state(from.name, from.step) : from.name}</b>
      <span className="hint">{w.given}</span>
      <button type="button" className="link-button small" onClick={startFresh}>
        {w.fresh}
      </button>
    </section>
  );
}
