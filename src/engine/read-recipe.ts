// The reading of a recipe, for the page: fetched when there is one to read.

export { readRecipe } from '../train/recipe-file.ts';
