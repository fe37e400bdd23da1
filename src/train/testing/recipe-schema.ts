// The recipe's format as JSON Schema, for editors and other programs: made from the same description that reads recipes.

import { toJsonSchema } from '@valibot/to-json-schema';
import { RECIPE } from '../recipe-file.ts';

/** The text of docs/recipe.schema.json. */
export function recipeSchema(): string {
  const schema = toJsonSchema(RECIPE, { target: 'draft-2020-12' });
  const titled = {
    ...schema,
    title: 'Graft recipe',
    description: 'Settings of a run: graft train --config, and the page.',
  };
  return `${JSON.stringify(titled, undefined, 2)}\n`;
}
