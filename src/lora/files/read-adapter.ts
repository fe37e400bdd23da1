// Reads an adapter in any of the formats that Graft writes: a PEFT folder, a .gguf file for llama.cpp, a folder of mlx-lm.

import type { ModelConfig } from '../../model/config.ts';
import { findFile, type ModelFile } from '../../model/model-file.ts';
import { type ModelParts, modelParts } from '../../model/model-parts.ts';
import type { Adapter } from '../adapter.ts';
import { findWeights, readPeftFolder } from './peft.ts';
import { readGgufAdapter } from './read-gguf.ts';
import { MLX_WEIGHTS, readMlxAdapter } from './read-mlx.ts';

export interface ReadAdapter {
  readonly adapter: Adapter;
  /** What the files contain that has no effect. */
  readonly notices: readonly string[];
}

/** Throws an Error that names the field, tensor or module that does not fit this base. */
export async function readAdapter(files: readonly ModelFile[], base: ModelConfig): Promise<ReadAdapter> {
  const parts = modelParts(base);
  const { files: peft, notices } = await asPeft(files, base, parts);
  const read = await readPeftFolder(peft, parts);
  return { adapter: read.adapter, notices: [...notices, ...read.notices] };
}

async function asPeft(
  files: readonly ModelFile[],
  base: ModelConfig,
  parts: ModelParts,
): Promise<{ readonly files: readonly ModelFile[]; readonly notices: readonly string[] }> {
  const isPeft = findWeights(files) !== undefined;
  const ggufs = files.filter(({ name }) => /\.gguf$/i.test(name));
  if (!isPeft && ggufs.length > 1) {
    const names = ggufs.map(({ name }) => `"${name}"`).join(', ');
    throw new RangeError(`Cannot read the adapter: found ${ggufs.length} .gguf files (${names}), need one`);
  }
  if (!isPeft && ggufs[0]) return readGgufAdapter(ggufs[0], base, parts);
  if (!isPeft && findFile(files, MLX_WEIGHTS)) return readMlxAdapter(files, base, parts.linears);
  return { files, notices: [] };
}
