// An adapter in the form that another program takes: as a file or folder of its own, or merged into its base. Pure: what is
// written comes out as files that are made while they are written; Node and the page put them where they belong.

import type { TokenRow } from '../data/types.ts';
import { type Adapter, asLora } from '../lora/adapter.ts';
import { writeGgufAdapter } from '../lora/files/gguf.ts';
import { type MergedType, type MergeInput, mergedFolder } from '../lora/files/merged-folder.ts';
import { mergedGguf } from '../lora/files/merged-gguf.ts';
import { writeMlxFolder } from '../lora/files/mlx.ts';
import { writeModelfile } from '../lora/files/ollama.ts';
import { type FileBytes, writePeftFolder } from '../lora/files/peft.ts';
import type { GgufType } from '../model/gguf/write-model.ts';
import type { ModelFolder } from '../model/model-folder.ts';
import { countParameters, modelParts } from '../model/model-parts.ts';
import { type StreamedFile, wholeFile } from '../model/streamed-file.ts';
import type { TrainSettings } from '../train/recipe.ts';
import { clusterFolder } from './cluster/cluster-folder.ts';
import { ggufWithReceipt, type Provenance, type Receipt, withReceipt } from './receipt/receipt.ts';

/**
 * peft: a folder for Hugging Face PEFT · gguf: one file for llama.cpp · mlx: a folder for mlx-lm · ollama: a folder for
 * `ollama create` · merged-safetensors: a Hugging Face folder of base and adapter in one · merged-gguf: the same as one file ·
 * cluster: a folder that goes on with the Hugging Face stack on other machines
 */
export const EXPORT_FORMATS = [
  'peft',
  'gguf',
  'mlx',
  'ollama',
  'merged-safetensors',
  'merged-gguf',
  'cluster',
] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Element types of merged weights; `auto` is bf16 where the base's files are, else f16. */
export const MERGED_TYPES = ['auto', 'f16', 'bf16', 'f32', 'q8_0'] as const;

export interface ExportOptions {
  readonly format: ExportFormat;
  /** Of merged weights; q8_0 is GGUF's alone, bf16 safetensors' alone. */
  readonly type?: (typeof MERGED_TYPES)[number];
  /** ollama: a base that Ollama has, under the adapter alone; without it the folder holds the merged model. */
  readonly from?: string | undefined;
  /** cluster: what is trained on, and how. */
  readonly run?: { readonly rows: readonly TokenRow[]; readonly settings: TrainSettings } | undefined;
}

export interface ExportSource {
  /** Undefined, for merged models: the base alone. */
  readonly adapter: Adapter | undefined;
  /** Of the adapter; files and cards bear it. */
  readonly name: string;
  /** The files that it was read from, where they are a PEFT folder: they are exported as they lie. */
  readonly peftFiles?: readonly FileBytes[] | undefined;
  /** How it came about. */
  readonly receipt?: Receipt | undefined;
}

export interface Exported {
  readonly files: readonly StreamedFile[];
  /** True: the files are one folder; false: one file. */
  readonly isFolder: boolean;
  /** What a user has to know, one sentence each. */
  readonly notices: readonly string[];
}

/** A receipt beside files whose hashes it does not have. */
const CARRIED_RECEIPT = 'adapter_receipt.json';

/** Throws the sentence of whatever the format has no place for. */
export async function exportFiles(input: MergeInput, source: ExportSource, options: ExportOptions): Promise<Exported> {
  const { folder } = input;
  const { name } = source;
  const whole = (files: readonly FileBytes[]): Exported => ({
    files: files.map((file) => wholeFile(file.name, file.bytes)),
    isFolder: true,
    notices: [],
  });
  switch (options.format) {
    case 'peft':
      return whole(await peftFolder(source, folder));
    case 'mlx': {
      const adapter = needAdapter(source);
      return whole(await withReceipt(adapter, writeMlxFolder(adapter, folder.config), provenanceOf(source)));
    }
    case 'gguf':
      return { files: [await adapterGguf(source, folder)], isFolder: false, notices: [] };
    case 'merged-safetensors': {
      const files = await mergedFolder(input, source.adapter, folderType(folder, options));
      return { files: [...files, ...receiptFile(source)], isFolder: true, notices: [] };
    }
    case 'merged-gguf': {
      const type = ggufType(options, 'F16');
      const { file, notices } = await mergedGguf(
        input,
        source.adapter,
        type,
        name,
        `${fileStem(name)}.${type.toLowerCase()}.gguf`,
      );
      return { files: [file], isFolder: false, notices };
    }
    case 'ollama':
      return ollama(input, source, options);
    case 'cluster':
      return cluster(input, source, options);
  }
}

async function peftFolder(source: ExportSource, { licence }: ModelFolder): Promise<readonly FileBytes[]> {
  if (source.peftFiles) return source.peftFiles;
  const adapter = needAdapter(source);
  return withReceipt(adapter, writePeftFolder(adapter, { name: source.name, licence }), provenanceOf(source));
}

/** A base of at most so many numbers goes along as f32, so that the first loss is the browser's to the last digits. */
const MOST_F32_NUMBERS = 500e6;

async function cluster(input: MergeInput, source: ExportSource, { run }: ExportOptions): Promise<Exported> {
  const { folder } = input;
  if (run === undefined) throw new RangeError('Cannot write a folder for a cluster: found no rows, need the dataset');
  if (source.adapter) asLora(source.adapter, 'write a folder for a cluster');
  const { rows, settings } = run;
  const tokenizer = await folder.loadTokenizer?.();
  const common = { name: source.name, adapter: await peftFolder(source, folder), rows, settings, tokenizer };
  // A model of the Hub is fetched there by whoever trains; anything else has to come along.
  if (isRepository(folder.name) && folder.gguf === undefined)
    return { files: clusterFolder({ ...common, model: folder.name }), isFolder: true, notices: [] };
  const isSmall = countParameters(modelParts(folder.config)) <= MOST_F32_NUMBERS;
  const base = await mergedFolder(input, undefined, isSmall ? 'f32' : folderType(folder, {}));
  return { files: clusterFolder({ ...common, model: 'base', base }), isFolder: true, notices: [] };
}

/** "org/name". */
function isRepository(name: string): boolean {
  return /^[\w.-]+\/[\w.-]+$/.test(name);
}

async function ollama(input: MergeInput, source: ExportSource, options: ExportOptions): Promise<Exported> {
  const { folder } = input;
  const { adapter, name } = source;
  const tokenizer = await folder.loadTokenizer?.();
  const merged =
    options.from === undefined
      ? await mergedGguf(input, adapter, ggufType(options, 'Q8_0'), name, 'model.gguf')
      : undefined;
  const { text, notices } = writeModelfile({
    from: options.from ?? './model.gguf',
    ...(merged === undefined && { adapter: './adapter.gguf' }),
    tokenizer,
    eos: tokenizer?.endOfTurn ?? folder.config.eos,
    licence: folder.licence,
  });
  const model = merged?.file ?? { ...(await adapterGguf(source, folder)), name: 'adapter.gguf' };
  return {
    files: [wholeFile('Modelfile', text), model, ...receiptFile(source)],
    isFolder: true,
    notices: [...(merged?.notices ?? []), ...notices],
  };
}

async function adapterGguf(source: ExportSource, { config }: ModelFolder): Promise<StreamedFile> {
  const { name } = source;
  const adapter = needAdapter(source);
  const write = (more: Parameters<typeof writeGgufAdapter>[3]) => writeGgufAdapter(adapter, config, name, more);
  return wholeFile(`${fileStem(name)}.gguf`, await ggufWithReceipt(adapter, write, provenanceOf(source)));
}

function needAdapter({ adapter }: ExportSource): Adapter {
  if (adapter === undefined) throw new RangeError('Cannot write an adapter: found none, need one (or a merged format)');
  return adapter;
}

function receiptFile({ receipt }: ExportSource): StreamedFile[] {
  return receipt ? [wholeFile(CARRIED_RECEIPT, `${JSON.stringify(receipt, undefined, 1)}\n`)] : [];
}

function provenanceOf({ receipt }: ExportSource): Provenance {
  const { created, from, base, data, run, probe } = receipt ?? {};
  return { made: receipt?.made ?? 'imported', ...(created && { created }), from, base, data, run, probe };
}

function folderType({ tensors }: ModelFolder, { type = 'auto' }: Pick<ExportOptions, 'type'>): MergedType {
  if (type === 'q8_0') throw new RangeError('Cannot write merged safetensors as q8_0, need f16, bf16 or f32');
  if (type !== 'auto') return type;
  return [...tensors.values()].some(({ dtype }) => dtype === 'BF16') ? 'bf16' : 'f16';
}

function ggufType({ type = 'auto' }: ExportOptions, usual: GgufType): GgufType {
  if (type === 'bf16') throw new RangeError('Cannot write a merged GGUF as bf16, need f16, q8_0 or f32');
  return type === 'auto' ? usual : (type.toUpperCase() as GgufType);
}

/** A name as a file can have it on every system. */
export function fileStem(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'adapter';
}
