// A recipe in the address of the page: "#/train?recipe=…", the JSON of the recipe file in base64url. What stands behind "#" is
// not sent to any host.
import { type Recipe, readRecipe } from '../../engine/protocol.ts';

/** Longer links are cut by chats and mail programs; a recipe with every setting is a quarter of this. */
export const MAX_LINK_CHARS = 8000;
const NAME = 'recipe';

export function recipeLink(recipe: Recipe, page: string): string {
  const bytes = new TextEncoder().encode(JSON.stringify(recipe));
  const code = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
  return `${page.replace(/#.*$/, '')}#/train?${NAME}=${code}`;
}

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

/** The hash without its recipe. */
export function withoutRecipe(hash: string): string {
  const [place, query] = hash.split('?');
  const rest = new URLSearchParams(query ?? '');
  rest.delete(NAME);
  return rest.size > 0 ? `${place}?${rest}` : (place ?? '');
}
