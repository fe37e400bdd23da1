import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { ReplaceDialog } from './data/replace-dialog.tsx';
import { RecipeOffer } from './recipes/recipe-offer.tsx';
import { Boundary } from './shell/boundary.tsx';
import { DeviceBanner } from './shell/device-banner.tsx';
import { DropLayer } from './shell/drop-layer.tsx';
import { Keys } from './shell/keys.tsx';
import { PLACES, type Place, placeStore } from './shell/place-store.ts';
import { TopBar } from './shell/top-bar.tsx';
import { TroubleBar } from './shell/trouble-bar.tsx';
import { UpdateBanner } from './shell/update-banner.tsx';
import { words } from './shell/words.ts';
import { InterruptedBanner } from './train/interrupted-banner.tsx';
import './shell/shell.css';

/** The first place is there, and the rest may come. */
let isSettled = false;

/** Each place is fetched when it is shown, or a moment after the first one is. */
const FETCH = {
  base: async () => ({ default: (await import('./base/base-place.tsx')).BasePlace }),
  data: async () => {
    const { DataPlace, fetchStudio } = await import('./data/data-place.tsx');
    if (isSettled) fetchStudio().catch(() => {});
    return { default: DataPlace };
  },
  train: async () => ({ default: (await import('./train/train-place.tsx')).TrainPlace }),
  play: async () => ({ default: (await import('./play/play-place.tsx')).PlayPlace }),
  library: async () => ({ default: (await import('./library/library-place.tsx')).LibraryPlace }),
} satisfies Record<Place, () => Promise<{ default: () => React.ReactNode }>>;

const PLACE = Object.fromEntries(PLACES.map((place) => [place, lazy(FETCH[place])])) as Record<
  Place,
  React.LazyExoticComponent<() => React.ReactNode>
>;

/** So that no place is waited for when it is wanted; one that does not come now is asked for again then. */
export function fetchPlaces(): void {
  isSettled = true;
  for (const place of PLACES) FETCH[place]().catch(() => {});
}

export function App() {
  const place = useStore(placeStore, (s) => s.place);
  const [keysOpen, setKeysOpen] = useState(false);
  const openKeys = useCallback(() => setKeysOpen(true), []);
  const Shown = PLACE[place];
  return (
    <>
      <button type="button" className="skip button" onClick={() => document.getElementById('main')?.focus()}>
        {words.skip}
      </button>
      <TopBar onKeys={openKeys} />
      <UpdateBanner />
      <DeviceBanner />
      <InterruptedBanner />
      <Main key={place} label={words.place[place]}>
        <Boundary>
          <Suspense fallback={<div className="place place-coming" aria-busy="true" />}>
            <Shown />
            <Usable />
          </Suspense>
        </Boundary>
      </Main>
      <TroubleBar />
      <RecipeOffer />
      <DropLayer />
      <ReplaceDialog />
      <Keys open={keysOpen} onOpen={openKeys} onClose={() => setKeysOpen(false)} />
    </>
  );
}

/** Marks the moment from which the page can be used, for those who measure it. */
function Usable() {
  useEffect(() => void performance.mark('graft-usable'), []);
  return null;
}

let isFirstPlace = true;

/** A new place takes the focus to its start, as a new page would; the first one leaves it alone. */
function Main({ label, children }: { label: string; children: React.ReactNode }) {
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isFirstPlace) ref.current?.focus({ preventScroll: true });
    isFirstPlace = false;
  }, []);
  return (
    <main id="main" ref={ref} tabIndex={-1} aria-label={label}>
      {children}
    </main>
  );
}
