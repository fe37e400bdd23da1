// Links of strangers for the fuzzer: whole addresses, and recipes that are then put into one as any page would.
import { DEFAULT_SETTINGS } from '../../../engine/protocol.ts';
import { recipeInHash } from '../read-recipes.ts';
import { recipeLink } from '../recipe-link.ts';

interface LinkSource {
  readonly bytes: Uint8Array;
  readonly isRecipe: boolean;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const RECIPE = {
  recipe: 1,
  name: 'mine',
  settings: DEFAULT_SETTINGS,
  base: { kind: 'hub', id: 'org/name', revision: 'main' },
} as const;

export function linkSources(): LinkSource[] {
  const hash = new URL(recipeLink(RECIPE, 'https://example.org/graft/')).hash;
  return [
    { bytes: bytes(hash), isRecipe: false },
    { bytes: bytes(JSON.stringify(RECIPE)), isRecipe: true },
  ];
}

export function readLink(changed: Uint8Array, { isRecipe }: LinkSource): void {
  const text = String.fromCharCode(...changed);
  const code = btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  recipeInHash(isRecipe ? `#/train?recipe=${code}` : text);
  if (Object.hasOwn(Object.prototype, 'polluted')) throw new Error('a prototype was changed');
}
