// An adapter for other programs, from the command line: read in any format, held against its base, written where it was asked
// for. Needs no GPU.

import path from 'node:path';
import type { FileBytes } from '../lora/files/peft.ts';
import { readAdapter } from '../lora/files/read-adapter.ts';
import { chooseQuant } from '../model/choose-quant.ts';
import { baseName, findFile, type ModelFile } from '../model/model-file.ts';
import { type ModelFolder, openModelFolder } from '../model/model-folder.ts';
import { modelParts } from '../model/model-parts.ts';
import type { QuantChoice } from '../model/prepare-weights.ts';
import { openModelFiles, writeStreams } from '../storage/node.ts';
import { checkAdapterFolder, refuseInput } from '../storage/refuse-folder.node.ts';
import { clearReplaced } from '../storage/replace-adapter.node.ts';
import { DEFAULT_SETTINGS } from '../train/recipe.ts';
import { type ExportFormat, type ExportOptions, type ExportSource, exportFiles } from './export-adapter.ts';
import { loadRows } from './load-rows.node.ts';
import { findModel, hubAccess } from './model-at.node.ts';
import { RECEIPT_NAME, type Receipt, readReceipt } from './receipt/receipt.ts';

export { EXPORT_FORMATS, type ExportFormat, MERGED_TYPES } from './export-adapter.ts';

export interface ExportRequest extends Omit<ExportOptions, 'run'> {
  /** A PEFT or MLX folder or a .gguf file; undefined, for merged models: the base alone. */
  readonly adapter: string | undefined;
  /** As --model names it. */
  readonly model: string;
  /** A file or a folder, by format. */
  readonly out: string;
  /** How training stored the base; of merged models. 'auto': as the adapter's receipt says, else as the base's files, else q8. */
  readonly quant?: QuantChoice | 'auto';
  readonly token?: string | undefined;
  /** cluster: the dataset's files. */
  readonly data?: readonly string[];
  /** False: prompts are trained on as well. */
  readonly completionOnly?: boolean;
  onBytes?(done: number, total: number): void;
}

export interface ExportReport {
  readonly out: string;
  readonly format: string;
  /** Paths and bytes of what was written. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly notices: readonly string[];
}

/** Formats that are an adapter's folder. */
const ADAPTER_FOLDERS: readonly ExportFormat[] = ['peft', 'mlx'];

/** Throws the sentence of whatever does not fit; then nothing was written. */
export async function exportAdapter(request: ExportRequest): Promise<ExportReport> {
  await refuseInput(request.out, [request.model, ...(request.adapter === undefined ? [] : [request.adapter])]);
  const isReplaced = ADAPTER_FOLDERS.includes(request.format) && (await checkAdapterFolder(request.out));
  const { files: baseFiles, name, licence } = await findModel(request.model, hubAccess(request.token));
  const opened = await openModelFolder(baseFiles, name);
  const folder = { ...opened, licence: opened.licence ?? licence };
  const { source, notices: readNotices } = await readSource(request.adapter, folder);
  const asked = request.quant === 'auto' ? undefined : request.quant;
  const quant = asked ?? source.receipt?.base?.quant ?? usualQuant(folder);
  const { run, notices: runNotices } = await readRun(request, folder, source.receipt);
  const input = { folder, quant };
  const { files, isFolder, notices } = await exportFiles(input, source, { ...request, run });
  const out = path.resolve(request.out);
  const [target, named] = isFolder ? [out, files] : [path.dirname(out), [{ ...files[0]!, name: path.basename(out) }]];
  await writeStreams(target, named, (done, total) => request.onBytes?.(done, total));
  if (isReplaced) await clearReplaced(target, named);
  const replaced = isReplaced ? [`replaced the adapter that was in "${request.out}"`] : [];
  return {
    out: request.out,
    format: request.format,
    files: named.map((file) => ({ path: path.join(target, file.name), bytes: file.size })),
    notices: [...replaced, ...readNotices, ...runNotices, ...notices],
  };
}

/** The rows of a run for the cluster, and its recipe: the receipt's, else training's defaults. */
async function readRun(
  { format, data = [], completionOnly = true }: ExportRequest,
  folder: ModelFolder,
  receipt?: Receipt,
) {
  if (format !== 'cluster' || data.length === 0) return { run: undefined, notices: [] };
  const settings = receipt?.run?.recipe ?? DEFAULT_SETTINGS;
  const model = { folder, config: folder.config };
  const { rows, dataset, notices } = await loadRows(model, data, { maxTokens: settings.seqLen, completionOnly });
  const isOther = receipt?.data !== undefined && receipt.data.hash !== dataset.hash;
  return {
    run: { rows, settings },
    notices: [
      ...(receipt?.run ? [] : ['the adapter says nothing of its recipe: recipe.json has the defaults of graft train']),
      ...(isOther ? ["these rows are not those of the adapter's run, by their hash"] : []),
      ...notices.slice(0, 10).map(({ file, line, reason }) => `${file}:${line}: ${reason}`),
    ],
  };
}

async function readSource(
  at: string | undefined,
  folder: ModelFolder,
): Promise<{ readonly source: ExportSource; readonly notices: readonly string[] }> {
  if (at === undefined) return { source: { adapter: undefined, name: folder.name }, notices: [] };
  const files = await openModelFiles(at);
  const { adapter, notices } = await readAdapter(files, folder.config);
  const receiptFile = findFile(files, RECEIPT_NAME);
  const receipt = receiptFile && (await readReceipt(receiptFile));
  const name = path.basename(path.resolve(at)).replace(/\.gguf$/i, '');
  return { source: { adapter, name, receipt, peftFiles: await peftFilesOf(files) }, notices };
}

/** The files of a PEFT folder as they lie; undefined when the adapter is in another format. */
async function peftFilesOf(files: readonly ModelFile[]): Promise<FileBytes[] | undefined> {
  if (!ASIS.some((name) => findFile(files, name))) return undefined;
  const parts = files.filter(({ name }) => PEFT_FILES.includes(baseName(name)));
  return Promise.all(parts.map(async (f) => ({ name: baseName(f.name), bytes: await f.read(0, f.size) })));
}
/** Weights of PEFT's, and of AdapterHub's. */
const ASIS = ['adapter_model.safetensors', 'adapter.safetensors'];
const PEFT_FILES = ['adapter_config.json', ...ASIS, 'README.md', RECEIPT_NAME];

/** What training chooses by itself where there is room. */
function usualQuant({ config, tensors }: ModelFolder): QuantChoice {
  const room = Number.POSITIVE_INFINITY;
  return chooseQuant(modelParts(config).tensors, tensors, { memoryBytes: room });
}
