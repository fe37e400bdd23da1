// The settings that a recipe makes of those that are there, checked.

import { type Recipe, withSettings } from './apply-recipe.ts';
import { checkSettings } from './check-settings.ts';
import type { TrainSettings } from './recipe.ts';

/** `settings` with those of the recipe in their place. Throws RangeError when together they make no run. */
export function withRecipe(settings: TrainSettings, { settings: own }: Pick<Recipe, 'settings'>): TrainSettings {
  const merged = withSettings(settings, own);
  checkSettings(merged);
  return merged;
}
