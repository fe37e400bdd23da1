// Kinds of adapters that a run is killed and resumed with, as flags of graft train.

import { writeFileSync } from 'node:fs';
import path from 'node:path';

export interface ResumableKind {
  readonly name: string;
  readonly flags: readonly string[];
  /** Settings that only a recipe can have. */
  readonly settings?: object;
}

/** What is no LoRA, and every kind of tensor that a LoRA can have. */
export const RESUMABLE_KINDS: readonly ResumableKind[] = [
  { name: 'IA³', flags: ['--method', 'ia3'] },
  { name: 'prompt tuning', flags: ['--method', 'prompt-tuning', '--virtual-tokens', '4'] },
  { name: 'bottleneck adapters', flags: ['--method', 'bottleneck', '--placement', 'houlsby'] },
  {
    name: 'DoRA with saved modules and tokens',
    flags: ['--dora', '--modules-to-save', 'norm,lm_head'],
    settings: { lora: { trainable_token_indices: [3, 4, 7] } },
  },
];

/** The same one by one. */
export const SINGLE_KINDS: readonly ResumableKind[] = [
  { name: 'DoRA', flags: ['--dora'] },
  { name: 'saved modules', flags: ['--modules-to-save', 'norm,embed_tokens'] },
  { name: 'tokens', flags: [], settings: { lora: { trainable_token_indices: [3, 4, 7] } } },
];

/** Flags of graft train; a recipe is written into the folder. */
export function flagsOf({ flags, settings }: ResumableKind, folder: string): string[] {
  if (settings === undefined) return [...flags];
  const recipe = path.join(folder, 'recipe.json');
  writeFileSync(recipe, JSON.stringify({ recipe: 1, settings }));
  return [...flags, '--config', recipe];
}
