// The recipe that a link or a file offers, until it is taken or left. What reads and fills in one is fetched when there is one.
import { createStore } from 'zustand/vanilla';
import type { Recipe } from '../../engine/protocol.ts';
import { showTrouble } from '../shell/trouble-store.ts';
import { withoutRecipe } from './recipe-link.ts';

interface OfferState {
  readonly offered: Recipe | undefined;
  readonly isFilling: boolean;
}

export const offerStore = createStore<OfferState>(() => ({ offered: undefined, isFilling: false }));

export function offerRecipe(offered: Recipe): void {
  offerStore.setState({ offered });
}

export async function openRecipeFile(file: File): Promise<void> {
  await claimed(async () => {
    const { readRecipe } = await import('./read-recipes.ts');
    offerRecipe(readRecipe(await file.text()));
  });
}

export function leaveOffer(): void {
  if (!offerStore.getState().isFilling) offerStore.setState({ offered: undefined });
}

/** A recipe in the address is offered and taken out of the address, so that a reload does not ask again. */
export function followRecipeLinks(): void {
  const look = () => {
    const { hash } = location;
    if (!/[?&]recipe=/.test(hash)) return;
    history.replaceState(history.state, '', withoutRecipe(hash));
    void claimed(async () => {
      const { recipeInHash } = await import('./read-recipes.ts');
      const recipe = recipeInHash(hash);
      if (recipe) offerRecipe(recipe);
    });
  };
  look();
  addEventListener('hashchange', look);
}

async function claimed(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    showTrouble(error);
  }
}
