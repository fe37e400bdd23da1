import { useEffect } from 'react';
import { useStore } from 'zustand';
import { bytes, percent } from '../format.ts';
import { askForPersistence, measureStorage, storageStore } from './storage-store.ts';
import { words } from './words.ts';

/** How much is kept here, how much may be, and whether the browser has promised to keep it. */
export function StoragePanel() {
  const { usedBytes, leftBytes, isPersistent, isRefused } = useStore(storageStore);
  useEffect(() => void measureStorage(), []);
  const w = words.storage;
  if (usedBytes === undefined || leftBytes === undefined) return null;
  const share = usedBytes / Math.max(1, usedBytes + leftBytes);
  return (
    <section className="card stack-tight" aria-labelledby="storage">
      <h2 id="storage">{w.title}</h2>
      <p className="number">{w.used(bytes(usedBytes), bytes(leftBytes))}</p>
      <meter className="storage-bar" min={0} max={1} high={0.8} value={share} aria-label={w.share(percent(share))} />
      <p className="hint">{isPersistent ? w.persistent : w.notPersistent}</p>
      {isPersistent === false && (
        <div className="line">
          <button type="button" className="button" onClick={() => void askForPersistence()}>
            {w.ask}
          </button>
          {isRefused && <span className="hint">{w.refused}</span>}
        </div>
      )}
    </section>
  );
}
