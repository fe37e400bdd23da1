// An adapter for other programs: read as PEFT's folder, held against its base, written in their format. Needs no GPU.

import path from 'node:path';
import { writeGgufAdapter } from '../lora/files/gguf.ts';
import { writeMlxFolder } from '../lora/files/mlx.ts';
import { readAdapter } from '../lora/files/read-adapter.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { openModelFiles, writeFolder } from '../storage/node.ts';
import { findModel } from './model-at.node.ts';

/** gguf: one file for llama.cpp. mlx: a folder for mlx-lm. */
export const EXPORT_FORMATS = ['gguf', 'mlx'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Returns what was in the adapter's files and has no effect. Throws the sentence of whatever does not fit. */
export async function exportAdapter(
  adapterFolder: string,
  modelPath: string,
  format: ExportFormat,
  out: string,
): Promise<readonly string[]> {
  const { config } = await openModelFolder((await findModel(modelPath)).files);
  const { adapter, notices } = await readAdapter(await openModelFiles(adapterFolder), config);
  if (format === 'mlx') await writeFolder(out, writeMlxFolder(adapter, config));
  else {
    const bytes = writeGgufAdapter(adapter, config, path.basename(path.resolve(adapterFolder)));
    await writeFolder(path.dirname(path.resolve(out)), [{ name: path.basename(out), bytes }]);
  }
  return notices;
}
