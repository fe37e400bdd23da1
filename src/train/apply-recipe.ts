// What a recipe says, and the settings that it makes of those that are there. Its file is read by recipe-file.ts.

import { forMethod } from './adapter-settings.ts';
import type { TrainSettings } from './recipe.ts';

export interface Recipe {
  /** Version of the format. */
  readonly recipe: 1;
  readonly name?: string;
  /** What is not said is the reader's default. */
  readonly settings: Partial<TrainSettings>;
  /** The base that it was made for. Only a bundled model or one of the Hub can be opened by its id. */
  readonly base?: RecipeBase;
  /** The rows that it was made for, to be recognised by their hash; they are not in the recipe. */
  readonly data?: { readonly name: string; readonly rows?: number; readonly hash?: string };
  /** Up to MOST_TOGETHER adapters that are trained at once over the base; each begins with `settings`. */
  readonly adapters?: readonly RecipeAdapter[];
}

export interface RecipeAdapter {
  /** Of its folder. */
  readonly name: string;
  /** What is other than in the recipe's own. */
  readonly settings?: Partial<TrainSettings>;
  /** Its rows, where they are others: dataset files. */
  readonly files?: readonly string[];
}

export interface RecipeBase {
  readonly kind: 'bundled' | 'hub' | 'files';
  readonly id: string;
  readonly revision?: string;
  /** How its weights are kept. */
  readonly quant?: string;
}

/** More at once need more memory than they save time. */
export const MOST_TOGETHER = 4;

/** `settings` with `own` in their place, whether or not together they make a run. */
export function withSettings(settings: TrainSettings, own: Partial<TrainSettings>): TrainSettings {
  const { method: had = 'lora' } = settings;
  // A whole recipe without a method is one of a LoRA; a few settings alone go with any.
  const method = own.method ?? (own.rank !== undefined || own.lora !== undefined ? 'lora' : had);
  const { steps, epochs, ...rest } = method === had ? settings : (forMethod(settings, method) as TrainSettings);
  const hasLength = own.steps !== undefined || own.epochs !== undefined;
  const length = hasLength ? {} : { ...(steps !== undefined && { steps }), ...(epochs !== undefined && { epochs }) };
  return { ...rest, ...length, ...own };
}

/** Two spaces deep, with a line's end: as people keep such files under version control. */
export function writeRecipe(recipe: Recipe): string {
  return `${JSON.stringify(recipe, undefined, 2)}\n`;
}
