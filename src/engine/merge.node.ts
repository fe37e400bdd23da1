// Adapter folders → one adapter folder. Needs no GPU, and no base for PEFT folders.

import path from 'node:path';
import { tensorsOf } from '../lora/adapter-tensors.ts';
import { writePeftFolder } from '../lora/files/peft.ts';
import { type ReadAdapter, readAdapter } from '../lora/files/read-adapter.ts';
import { readAdapterAlone } from '../lora/files/read-alone.ts';
import { baseLengths } from '../lora/merge/base-lengths.ts';
import { type MergeBase, type MergeOptions, mergeAdapters } from '../lora/merge/merge-adapters.ts';
import { noticesOfIa3 } from '../lora/merge/merge-ia3.ts';
import type { ModelConfig } from '../model/config.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { modelParts } from '../model/model-parts.ts';
import { openModelFiles, writeFolder } from '../storage/node.ts';
import { checkAdapterFolder, refuseInput } from '../storage/refuse-folder.node.ts';
import { clearReplaced } from '../storage/replace-adapter.node.ts';
import { findModel } from './model-at.node.ts';
import { type BaseFacts, findReceipt, type Receipt, withReceipt } from './receipt/receipt.ts';

export { MERGE_METHODS, type MergeMethod, type MergeOptions } from '../lora/merge/merge-adapters.ts';

export interface WeightedFolder {
  readonly folder: string;
  readonly weight: number;
}

export interface MergeReport {
  readonly out: string;
  readonly method: string;
  /** IA³ has none. */
  readonly rank: number | undefined;
  readonly modules: number;
  readonly parameters: number;
  readonly bytes: number;
  readonly notices: readonly string[];
}

/** `modelPath`: their base, needed for DoRA and for adapters of llama.cpp and mlx-lm. Throws the sentence of whatever does not fit. */
export async function mergeFolders(
  folders: readonly WeightedFolder[],
  options: MergeOptions,
  out: string,
  modelPath?: string,
): Promise<MergeReport> {
  await refuseInput(
    out,
    folders.map(({ folder }) => folder),
  );
  const isReplaced = await checkAdapterFolder(out);
  const base = modelPath === undefined ? undefined : await openModelFolder((await findModel(modelPath)).files);
  const read = await Promise.all(folders.map(({ folder }) => readFolder(folder, base?.config)));
  const inputs = read.map(({ adapter, receipt }, i) => {
    const { folder: name, weight } = folders[i]!;
    return { name, adapter, weight, base: receipt?.base && mergeBase(receipt.base) };
  });
  const adapters = read.map(({ adapter }) => adapter);
  const lengths = base && (await baseLengths(adapters, { tensors: base.tensors, parts: modelParts(base.config) }));
  const merged = mergeAdapters(inputs, { ...options, baseLengths: lengths });
  const from = {
    'merged from': folders.map(({ folder, weight }) => `${path.basename(path.resolve(folder))} × ${weight}`).join(', '),
    method: options.method,
    ...(options.density !== undefined && { density: options.density }),
    ...(options.majority !== undefined && { 'majority sign': options.majority }),
    ...(options.method.startsWith('dare') && { seed: options.seed ?? 0 }),
  };
  const folder = writePeftFolder(merged, { name: path.basename(path.resolve(out)), recipe: from });
  const files = await withReceipt(merged, folder, { made: 'merged', from, base: commonBase(read) });
  await writeFolder(out, files);
  if (isReplaced) await clearReplaced(out, files);
  const tensors = tensorsOf(merged);
  return {
    out,
    method: options.method,
    rank: merged.config.peft_type === 'LORA' ? merged.config.r : undefined,
    modules: merged.modules.size + (merged.ia3?.size ?? 0),
    parameters: [...tensors.values()].reduce((sum, { length }) => sum + length, 0),
    bytes: files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
    notices: [
      ...(isReplaced ? [`replaced the adapter that was in "${out}"`] : []),
      ...read.flatMap(({ notices }, i) => notices.map((notice) => `${folders[i]!.folder}: ${notice}`)),
      ...noticesOfIa3(inputs),
      ...(lengths !== undefined && lengths.size > 0
        ? ['of DoRA the directions are merged; the lengths are the base’s again (as in PEFT)']
        : []),
    ],
  };
}

interface ReadFolder extends ReadAdapter {
  readonly receipt: Receipt | undefined;
}

async function readFolder(folder: string, base: ModelConfig | undefined): Promise<ReadFolder> {
  const files = await openModelFiles(folder);
  const read = await (base === undefined ? readAdapterAlone(files) : readAdapter(files, base));
  // What one that was changed says of the base is worth nothing; `graft verify` tells.
  return { ...read, receipt: await findReceipt(files).catch(() => undefined) };
}

function mergeBase({ name, hash, quant }: BaseFacts): MergeBase {
  return { name, hash, quant: quant.linears };
}

/** The base of the result: that of all of them, where all name the same, stored alike. */
function commonBase(read: readonly ReadFolder[]): BaseFacts | undefined {
  const bases = read.map(({ receipt }) => receipt?.base);
  return bases.every((base) => base?.hash === bases[0]?.hash) ? bases[0] : undefined;
}
