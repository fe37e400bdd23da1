// A PEFT folder without its base at hand: the linears are known from the adapter's own tensors. Enough to look into it, to
// check it and to merge it; not to run it.

import { findFile, type ModelFile } from '../../model/model-file.ts';
import { readSafetensorsHeader } from '../../model/safetensors.ts';
import type { LinearShapes } from '../adapter.ts';
import { readPeftFolder } from './peft.ts';
import type { ReadAdapter } from './read-adapter.ts';

/** Throws an Error that names the field, tensor or module that does not fit. */
export async function readAdapterAlone(files: readonly ModelFile[]): Promise<ReadAdapter> {
  return readPeftFolder(files, await adaptedLinears(files));
}

async function adaptedLinears(files: readonly ModelFile[]): Promise<LinearShapes> {
  const weights = findFile(files, 'adapter_model.safetensors');
  const sizes = new Map<string, [number, number]>();
  if (weights === undefined) return sizes;
  for (const { name, shape } of (await readSafetensorsHeader(weights)).tensors) {
    const match = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(name);
    if (match === null) continue;
    const size = sizes.get(match[1]!) ?? [0, 0];
    if (match[2] === 'A') size[1] = shape[1] ?? 0;
    else size[0] = shape[0] ?? 0;
    sizes.set(match[1]!, size);
  }
  return sizes;
}
