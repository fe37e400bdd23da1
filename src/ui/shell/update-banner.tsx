import { useStore } from 'zustand';
import { running, runStore } from '../train/run-store.ts';
import { appStore, takeUpdate } from './app-store.ts';
import { words } from './words.ts';

/** A new version waits; it is never taken while a run goes on. */
export function UpdateBanner() {
  const hasUpdate = useStore(appStore, (s) => s.hasUpdate);
  const isRunning = useStore(runStore, running);
  if (!hasUpdate || isRunning) return null;
  return (
    <section className="banner" aria-label={words.app.label}>
      <div className="banner-line">
        <p>{words.app.update}</p>
        <button type="button" className="button" onClick={takeUpdate}>
          {words.app.take}
        </button>
      </div>
    </section>
  );
}
