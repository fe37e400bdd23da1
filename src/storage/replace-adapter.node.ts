// A folder whose adapter is replaced by another one: what the old one left there says nothing of the new.

import { access, rm } from 'node:fs/promises';
import path from 'node:path';

/** What adapters are saved as here, in PEFT, AdapterHub and mlx-lm, of any age. */
const FILES_OF_ADAPTERS = [
  'adapter_config.json',
  'adapter_model.safetensors',
  'adapter_model.bin',
  'adapter.safetensors',
  'pytorch_adapter.bin',
  'adapters.safetensors',
  'README.md',
  'graft_receipt.json',
  'graft_recipe.json',
];

export function hasAdapter(folder: string): Promise<boolean> {
  return access(path.join(folder, 'adapter_config.json')).then(
    () => true,
    () => false,
  );
}

/** Removes what an adapter that was in `folder` has left there; `written` is the new one's. Anything else stays. */
export async function clearReplaced(folder: string, written: readonly { readonly name: string }[]): Promise<void> {
  const names = new Set(written.map(({ name }) => name));
  for (const name of FILES_OF_ADAPTERS) if (!names.has(name)) await rm(path.join(folder, name), { force: true });
}
