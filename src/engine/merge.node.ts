// Adapter folders → one adapter folder. Needs no GPU, and no base for PEFT folders.

import path from 'node:path';
import { writePeftFolder } from '../lora/files/peft.ts';
import { type ReadAdapter, readAdapter } from '../lora/files/read-adapter.ts';
import { readAdapterAlone } from '../lora/files/read-alone.ts';
import { type MergeOptions, mergeAdapters } from '../lora/merge/merge-adapters.ts';
import type { ModelConfig } from '../model/config.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { openModelFiles, writeFolder } from '../storage/node.ts';
import { findModel } from './model-at.node.ts';
import { withReceipt } from './receipt/receipt.ts';

export { MERGE_METHODS, type MergeMethod, type MergeOptions } from '../lora/merge/merge-adapters.ts';

export interface WeightedFolder {
  readonly folder: string;
  readonly weight: number;
}

export interface MergeReport {
  readonly out: string;
  readonly method: string;
  readonly rank: number;
  readonly modules: number;
  readonly parameters: number;
  readonly bytes: number;
  readonly notices: readonly string[];
}

/** `modelPath`: their base, needed for adapters of llama.cpp and mlx-lm. Throws the sentence of whatever does not fit. */
export async function mergeFolders(
  folders: readonly WeightedFolder[],
  options: MergeOptions,
  out: string,
  modelPath?: string,
): Promise<MergeReport> {
  const base = modelPath === undefined ? undefined : (await openModelFolder((await findModel(modelPath)).files)).config;
  const read = await Promise.all(folders.map(({ folder }) => readFolder(folder, base)));
  const inputs = read.map(({ adapter }, i) => ({ name: folders[i]!.folder, adapter, weight: folders[i]!.weight }));
  const merged = mergeAdapters(inputs, options);
  const from = {
    'merged from': folders.map(({ folder, weight }) => `${path.basename(path.resolve(folder))} × ${weight}`).join(', '),
    method: options.method,
    ...(options.density !== undefined && { density: options.density }),
    ...(options.majority !== undefined && { 'majority sign': options.majority }),
    ...(options.method.startsWith('dare') && { seed: options.seed ?? 0 }),
  };
  const folder = writePeftFolder(merged, { name: path.basename(path.resolve(out)), recipe: from });
  const files = await withReceipt(merged, folder, { made: 'merged', from });
  await writeFolder(out, files);
  const modules = [...merged.modules.values()];
  return {
    out,
    method: options.method,
    rank: merged.config.r,
    modules: modules.length,
    parameters: modules.reduce((sum, { a, b }) => sum + a.length + b.length, 0),
    bytes: files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
    notices: read.flatMap(({ notices }, i) => notices.map((notice) => `${folders[i]!.folder}: ${notice}`)),
  };
}

async function readFolder(folder: string, base: ModelConfig | undefined): Promise<ReadAdapter> {
  const files = await openModelFiles(folder);
  return base === undefined ? readAdapterAlone(files) : readAdapter(files, base);
}
