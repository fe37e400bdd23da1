// Recipes that were saved under a name, in IndexedDB.
import { del, entries, createStore as openIdb, set } from 'idb-keyval';
import { createStore } from 'zustand/vanilla';
import { type Recipe, writeRecipe } from '../../engine/protocol.ts';
import { saveBytes } from '../library/save-bytes.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { recipeNow } from './recipe-now.ts';
import { words } from './words.ts';

interface RecipesState {
  readonly saved: readonly (Recipe & { readonly name: string })[];
}

export const recipesStore = createStore<RecipesState>(() => ({ saved: [] }));

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

async function claimed(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    showTrouble(error);
  }
}
