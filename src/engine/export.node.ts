// An adapter for other programs, from the command line: read in any format, held against its base, written where it was asked
// for. Needs no GPU.

import path from 'node:path';
import { readAdapter } from '../lora/files/read-adapter.ts';
import { chooseQuant } from '../model/choose-quant.ts';
import { type ModelFolder, openModelFolder } from '../model/model-folder.ts';
import { modelParts } from '../model/model-parts.ts';
import type { QuantChoice } from '../model/prepare-weights.ts';
import { openModelFiles, writeStreams } from '../storage/node.ts';
import { type ExportOptions, exportFiles } from './export-adapter.ts';
import { findModel, hubAccess } from './model-at.node.ts';

export { EXPORT_FORMATS, type ExportFormat, MERGED_TYPES } from './export-adapter.ts';

export interface ExportRequest extends ExportOptions {
  /** A PEFT or MLX folder or a .gguf file. */
  readonly adapter: string;
  /** As --model names it. */
  readonly model: string;
  /** A file or a folder, by format. */
  readonly out: string;
  /** How training stored the base; of merged models. 'auto' and nothing: as its files do, else q8. */
  readonly quant?: QuantChoice | 'auto';
  readonly token?: string | undefined;
  onBytes?(done: number, total: number): void;
}

export interface ExportReport {
  readonly out: string;
  readonly format: string;
  /** Paths and bytes of what was written. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly notices: readonly string[];
}

/** Throws the sentence of whatever does not fit; then nothing was written. */
export async function exportAdapter(request: ExportRequest): Promise<ExportReport> {
  const { files: baseFiles, name: baseName, licence } = await findModel(request.model, hubAccess(request.token));
  const opened = await openModelFolder(baseFiles, baseName);
  const folder = { ...opened, licence: opened.licence ?? licence };
  const read = await readAdapter(await openModelFiles(request.adapter), folder.config);
  const name = path.basename(path.resolve(request.adapter)).replace(/\.gguf$/i, '');
  const quant = request.quant === undefined || request.quant === 'auto' ? usualQuant(folder) : request.quant;
  const { files, isFolder, notices } = await exportFiles(
    { files: baseFiles, folder, quant },
    read.adapter,
    name,
    request,
  );
  const out = path.resolve(request.out);
  const [target, named] = isFolder ? [out, files] : [path.dirname(out), [{ ...files[0]!, name: path.basename(out) }]];
  await writeStreams(target, named, (done, total) => request.onBytes?.(done, total));
  return {
    out: request.out,
    format: request.format,
    files: named.map((file) => ({ path: path.join(target, file.name), bytes: file.size })),
    notices: [...read.notices, ...notices],
  };
}

/** What training chooses by itself where there is room. */
function usualQuant({ config, tensors }: ModelFolder): QuantChoice {
  const room = Number.POSITIVE_INFINITY;
  return chooseQuant(modelParts(config).tensors, tensors, { traits: { maxBindingBytes: room }, memoryBytes: room });
}
