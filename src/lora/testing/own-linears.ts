// The linears that an adapter's own tensors tell of, for tests without its base.

import { findFile, type ModelFile } from '../../model/model-file.ts';
import { readSafetensorsHeader } from '../../model/safetensors.ts';
import type { LinearShapes } from '../adapter.ts';

export async function ownLinears(files: readonly ModelFile[]): Promise<LinearShapes> {
  const { tensors } = await readSafetensorsHeader(findFile(files, 'adapter_model.safetensors')!);
  const shapeOf = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const paths = [...shapeOf.keys()].flatMap(
    (name) => /^base_model\.model\.(.+)\.lora_A\.weight$/.exec(name)?.[1] ?? [],
  );
  return new Map(
    paths.map((path) => {
      const of = (factor: string) => shapeOf.get(`base_model.model.${path}.${factor}.weight`)!;
      return [path, [of('lora_B')[0]!, of('lora_A')[1]!] as const];
    }),
  );
}
