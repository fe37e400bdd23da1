// Recipes that were saved under a name, in IndexedDB; and the one that a link or a file offers, until it is taken or left.
import { del, entries, createStore as openIdb, set } from 'idb-keyval';
import { createStore } from 'zustand/vanilla';
import { type Recipe, writeRecipe } from '../../engine/protocol.ts';
import { saveBytes } from '../library/save-bytes.ts';
import { goTo } from '../shell/place-store.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { recipeLink, withoutRecipe } from './recipe-link.ts';
import { fillIn, recipeNow } from './recipe-now.ts';
import { words } from './words.ts';

interface RecipesState {
  readonly saved: readonly (Recipe & { readonly name: string })[];
  readonly offered: Recipe | undefined;
  readonly isFilling: boolean;
}

export const recipesStore = createStore<RecipesState>(() => ({ saved: [], offered: undefined, isFilling: false }));

const idb = () => openIdb('graft-recipes', 'recipes');

/** What storage gives back is read like a stranger's file: what cannot be read is left alone, and not shown. */
export async function refreshRecipes(): Promise<void> {
  await claimed(async () => {
    const { readRecipe } = await import('./read-recipes.ts');
    const saved = (await entries<string, string>(idb())).flatMap(([name, text]) => {
      try {
        return [{ ...readRecipe(text), name }];
      } catch {
        return [];
      }
    });
    recipesStore.setState({ saved: saved.sort((a, b) => a.name.localeCompare(b.name)) });
  });
}

export async function saveRecipe(name: string): Promise<void> {
  await claimed(async () => {
    await set(name, writeRecipe(await recipeNow(name)), idb());
    announce(words.announceSaved(name));
  });
  await refreshRecipes();
}

export async function deleteRecipe(name: string): Promise<void> {
  await claimed(() => del(name, idb()));
  await refreshRecipes();
}

export function saveRecipeFile(recipe: Recipe): void {
  const stem = (recipe.name ?? 'graft').replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'graft';
  saveBytes(`${stem}.recipe.json`, new TextEncoder().encode(writeRecipe(recipe)), 'application/json');
}

export async function copyLink(recipe: Recipe): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(recipeLink(recipe, location.href));
    announce(words.announceCopied);
    return true;
  } catch (error) {
    showTrouble(error);
    return false;
  }
}

export async function openRecipeFile(file: File): Promise<void> {
  await claimed(async () => {
    const { readRecipe } = await import('./read-recipes.ts');
    offerRecipe(readRecipe(await file.text()));
  });
}

export function offerRecipe(offered: Recipe): void {
  recipesStore.setState({ offered });
}

export async function takeOffer(): Promise<void> {
  const { offered, isFilling } = recipesStore.getState();
  if (!offered || isFilling) return;
  recipesStore.setState({ isFilling: true });
  await claimed(() => fillIn(offered));
  recipesStore.setState({ offered: undefined, isFilling: false });
  announce(words.announceFilled);
  goTo('train');
}

export function leaveOffer(): void {
  if (!recipesStore.getState().isFilling) recipesStore.setState({ offered: undefined });
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
