// Recipes that come from outside, checked field by field. Fetched when there is one to read.
import type { Recipe } from '../../engine/protocol.ts';
import { readRecipe } from '../../engine/read-recipe.ts';
import { MAX_LINK_CHARS, NAME } from './recipe-link.ts';

export { readRecipe };

/** The recipe in the part of an address behind "#"; undefined when there is none. Throws a sentence when it is broken. */
export function recipeInHash(hash: string): Recipe | undefined {
  const at = hash.indexOf('?');
  const code = at === -1 ? null : new URLSearchParams(hash.slice(at + 1)).get(NAME);
  if (code === null) return undefined;
  if (code.length > MAX_LINK_CHARS)
    throw new RangeError(
      `Cannot read the recipe in the link: found ${code.length} characters, need at most ${MAX_LINK_CHARS}`,
    );
  let text: string;
  try {
    const bytes = Uint8Array.from(atob(code.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SyntaxError(
      'Cannot read the recipe in the link: found a link that was cut or changed, need the whole of it',
    );
  }
  return readRecipe(text);
}
