// A recipe in the address of the page: "#/train?recipe=…", the JSON of the recipe file in base64url. What stands behind "#" is
// not sent to any host.
import type { Recipe } from '../../engine/protocol.ts';

/** Longer links are cut by chats and mail programs; a recipe with every setting is a quarter of this. */
export const MAX_LINK_CHARS = 8000;
export const NAME = 'recipe';

export function recipeLink(recipe: Recipe, page: string): string {
  const bytes = new TextEncoder().encode(JSON.stringify(recipe));
  const code = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
  return `${page.replace(/#.*$/, '')}#/train?${NAME}=${code}`;
}

/** The hash without its recipe. */
export function withoutRecipe(hash: string): string {
  const [place, query] = hash.split('?');
  const rest = new URLSearchParams(query ?? '');
  rest.delete(NAME);
  return rest.size > 0 ? `${place}?${rest}` : (place ?? '');
}
