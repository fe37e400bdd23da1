// Bases as tests open them: on the tests' device, and destroyed when the tests around the call are done.

import { afterAll } from 'vitest';
import { openDevice } from '../../gpu/testing/open-device.ts';
import { BaseModel } from '../base-model.ts';
import type { ModelFile } from '../model-file.ts';
import { openModelFolder } from '../model-folder.ts';
import type { QuantChoice } from '../prepare-weights.ts';
import { diskFolder } from './shared.ts';

export const F32: QuantChoice = { linears: 'f32', embeddings: 'f32' };
export const Q8: QuantChoice = { linears: 'q8', embeddings: 'q8' };

/** Opens bases when they are first asked for, each once. `filesOf`: a folder's path, or its files. */
export function modelsFor(
  filesOf: (name: string) => string | readonly ModelFile[] | Promise<readonly ModelFile[]>,
  quant: QuantChoice,
): (name: string) => Promise<BaseModel> {
  const models = new Map<string, Promise<BaseModel>>();
  const open = async (name: string) => {
    const files = await filesOf(name);
    const folder = await openModelFolder(typeof files === 'string' ? diskFolder(files) : files, name);
    return BaseModel.open(await openDevice(), folder, quant);
  };
  afterAll(async () => {
    // One that did not open has failed the test that asked for it.
    for (const opened of await Promise.allSettled(models.values()))
      if (opened.status === 'fulfilled') opened.value.destroy();
  });
  return (name) => {
    const model = models.get(name) ?? open(name);
    models.set(name, model);
    return model;
  };
}

/** One base, opened at once. `files`: a folder's path, or its files. */
export function openModel(
  files: string | readonly ModelFile[] | Promise<readonly ModelFile[]>,
  quant: QuantChoice,
): Promise<BaseModel> {
  return modelsFor(() => files, quant)('model');
}
