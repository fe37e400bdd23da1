import { useStore } from 'zustand';
import { bytes, day } from '../format.ts';
import { libraryStore, purgeDeleted, restoreAdapter } from './library-store.ts';
import { words } from './words.ts';

/** What was deleted within a week, to bring back or to let go. */
export function DeletedList() {
  const deleted = useStore(libraryStore, (s) => s.deleted);
  if (deleted.length === 0) return null;
  const size = deleted.reduce((sum, adapter) => sum + adapter.bytes, 0);
  return (
    <details className="card deleted">
      <summary>{words.deleted(deleted.length, bytes(size))}</summary>
      <ul className="stack-tight">
        {deleted.map((adapter) => (
          <li key={adapter.id} className="line line-apart">
            <span>
              <b className="breaks">{adapter.name}</b>{' '}
              <span className="hint">{words.deletedAt(day(adapter.deleted ?? ''))}</span>
            </span>
            <button
              type="button"
              className="button"
              aria-label={words.of(words.restore, adapter.name)}
              onClick={() => void restoreAdapter(adapter)}
            >
              {words.restore}
            </button>
          </li>
        ))}
      </ul>
      <button type="button" className="button button-plain" onClick={() => void purgeDeleted()}>
        {words.purge}
      </button>
    </details>
  );
}
