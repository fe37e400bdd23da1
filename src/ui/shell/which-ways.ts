// Which ways lead out of what the engine's sentence says. By its words: an error that has crossed from the worker has no class.

export type Way = 'stop' | 'base' | 'data' | 'train' | 'library' | 'reload';

const RULES: readonly (readonly [RegExp, readonly Way[]])[] = [
  [/a run is going on|while a run goes on|it is going on; stop it/, ['stop', 'train']],
  [/no open base|need one \(or rows with input_ids\)|no tokenizer\.json/, ['base']],
  [/no (?:open )?dataset|need the dataset|rows of its task|found no rows/, ['data']],
  [/none held back/, ['train', 'data']],
  [/quota|storage is full|no room|disk is full|QuotaExceeded/i, ['library']],
  [/in the library|in this browser's storage/, ['library']],
  [/device was lost|the GPU reported|found no open GPU|worker script did not load|dynamically imported/, ['reload']],
];

/** At most two: more is no help. */
export function whichWays(message: string): readonly Way[] {
  return RULES.find(([says]) => says.test(message))?.[1].slice(0, 2) ?? [];
}
