import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { dataStore } from '../data/data-store.ts';
import { libraryStore } from '../library/library-store.ts';
import { runStore, wholePhase } from '../train/run-store.ts';
import { PLACES, type Place, placeHref, placeStore } from './place-store.ts';
import { words } from './words.ts';

export function PlaceNav() {
  const here = useStore(placeStore, (s) => s.place);
  const ready: Record<Place, boolean> = {
    base: useStore(baseStore, (s) => s.status === 'open'),
    data: useStore(dataStore, (s) => s.status === 'ready' && (s.report?.rows ?? 0) > 0),
    train: useStore(runStore, (s) => ['done', 'stopped'].includes(wholePhase(s))),
    play: false,
    library: false,
  };
  const running = useStore(runStore, (s) => ['running', 'preparing'].includes(wholePhase(s)));
  const adapters = useStore(libraryStore, (s) => s.adapters.length);
  return (
    <nav className="place-nav" aria-label={words.places}>
      {PLACES.map((place) => (
        <a key={place} href={placeHref(place)} aria-current={place === here ? 'page' : undefined}>
          {words.place[place]}
          {place === 'train' && running ? (
            <Mark kind="running" says={words.running} />
          ) : (
            ready[place] && <Mark kind="ready" says={words.ready} />
          )}
          {place === 'library' && adapters > 0 && <span className="place-count number">{adapters}</span>}
        </a>
      ))}
    </nav>
  );
}

function Mark({ kind, says }: { kind: 'ready' | 'running'; says: string }) {
  return (
    <>
      <span className={`place-mark place-mark-${kind}`} aria-hidden="true">
        {kind === 'ready' ? '✓' : '●'}
      </span>
      <span className="unseen">, {says}</span>
    </>
  );
}
