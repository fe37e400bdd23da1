import { lazy, Suspense } from 'react';
import { useStore } from 'zustand';
import { offerStore } from './offer-store.ts';

/** Few visits are offered a recipe. */
const OfferDialog = lazy(async () => ({ default: (await import('./offer-dialog.tsx')).OfferDialog }));

export function RecipeOffer() {
  const offered = useStore(offerStore, (s) => s.offered);
  return offered ? (
    <Suspense fallback={null}>
      <OfferDialog recipe={offered} />
    </Suspense>
  ) : null;
}
