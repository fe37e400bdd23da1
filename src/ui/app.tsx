import { useCallback, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { BasePlace } from './base/base-place.tsx';
import { DataPlace } from './data/data-place.tsx';
import { ReplaceDialog } from './data/replace-dialog.tsx';
import { LibraryPlace } from './library/library-place.tsx';
import { PlayPlace } from './play/play-place.tsx';
import { RecipeOffer } from './recipes/recipe-offer.tsx';
import { Boundary } from './shell/boundary.tsx';
import { DeviceBanner } from './shell/device-banner.tsx';
import { DropLayer } from './shell/drop-layer.tsx';
import { Keys } from './shell/keys.tsx';
import { type Place, placeStore } from './shell/place-store.ts';
import { TopBar } from './shell/top-bar.tsx';
import { TroubleBar } from './shell/trouble-bar.tsx';
import { UpdateBanner } from './shell/update-banner.tsx';
import { words } from './shell/words.ts';
import { InterruptedBanner } from './train/interrupted-banner.tsx';
import { TrainPlace } from './train/train-place.tsx';
import './shell/shell.css';

const PLACE = {
  base: BasePlace,
  data: DataPlace,
  train: TrainPlace,
  play: PlayPlace,
  library: LibraryPlace,
} satisfies Record<Place, () => React.ReactNode>;

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
          <Shown />
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
