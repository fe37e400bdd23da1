// An adapter in the form that another program takes: as a file or folder of its own, or merged into its base. Pure: what is
// written comes out as files that are made while they are written; Node and the page put them where they belong.

import type { Adapter } from '../lora/adapter.ts';
import { writeGgufAdapter } from '../lora/files/gguf.ts';
import { type MergedType, type MergeInput, mergedFolder } from '../lora/files/merged-folder.ts';
import { mergedGguf } from '../lora/files/merged-gguf.ts';
import { writeMlxFolder } from '../lora/files/mlx.ts';
import { writeModelfile } from '../lora/files/ollama.ts';
import { writePeftFolder } from '../lora/files/peft.ts';
import type { GgufType } from '../model/gguf/write-model.ts';
import type { ModelFolder } from '../model/model-folder.ts';
import { type StreamedFile, wholeFile } from '../model/streamed-file.ts';

/**
 * peft: a folder for Hugging Face PEFT · gguf: one file for llama.cpp · mlx: a folder for mlx-lm · ollama: a folder for
 * `ollama create` · merged-safetensors: a Hugging Face folder of base and adapter in one · merged-gguf: the same as one file
 */
export const EXPORT_FORMATS = ['peft', 'gguf', 'mlx', 'ollama', 'merged-safetensors', 'merged-gguf'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Element types of merged weights; `auto` is bf16 where the base's files are, else f16. */
export const MERGED_TYPES = ['auto', 'f16', 'bf16', 'f32', 'q8_0'] as const;

export interface ExportOptions {
  readonly format: ExportFormat;
  /** Of merged weights; q8_0 is GGUF's alone, bf16 safetensors' alone. */
  readonly type?: (typeof MERGED_TYPES)[number];
  /** ollama: a base that Ollama has, under the adapter alone; without it the folder holds the merged model. */
  readonly from?: string | undefined;
}

export interface Exported {
  readonly files: readonly StreamedFile[];
  /** True: the files are one folder; false: one file. */
  readonly isFolder: boolean;
  /** What a user has to know, one sentence each. */
  readonly notices: readonly string[];
}

/** `name`: of the adapter. Throws the sentence of whatever the format has no place for. */
export async function exportFiles(
  input: MergeInput,
  adapter: Adapter,
  name: string,
  options: ExportOptions,
): Promise<Exported> {
  const { folder } = input;
  const whole = (files: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Exported => ({
    files: files.map((file) => wholeFile(file.name, file.bytes)),
    isFolder: true,
    notices: [],
  });
  switch (options.format) {
    case 'peft':
      return whole(writePeftFolder(adapter, { name, licence: folder.licence }));
    case 'mlx':
      return whole(writeMlxFolder(adapter, folder.config));
    case 'gguf':
      return { files: [adapterGguf(adapter, folder, name)], isFolder: false, notices: [] };
    case 'merged-safetensors':
      return { files: await mergedFolder(input, adapter, folderType(folder, options)), isFolder: true, notices: [] };
    case 'merged-gguf': {
      const type = ggufType(options, 'F16');
      const { file, notices } = await mergedGguf(
        input,
        adapter,
        type,
        name,
        `${fileStem(name)}.${type.toLowerCase()}.gguf`,
      );
      return { files: [file], isFolder: false, notices };
    }
    case 'ollama':
      return ollama(input, adapter, name, options);
  }
}

async function ollama(input: MergeInput, adapter: Adapter, name: string, options: ExportOptions): Promise<Exported> {
  const { folder } = input;
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
  const model = merged?.file ?? { ...adapterGguf(adapter, folder, name), name: 'adapter.gguf' };
  return {
    files: [wholeFile('Modelfile', text), model],
    isFolder: true,
    notices: [...(merged?.notices ?? []), ...notices],
  };
}

function adapterGguf(adapter: Adapter, { config }: ModelFolder, name: string): StreamedFile {
  return wholeFile(`${fileStem(name)}.gguf`, writeGgufAdapter(adapter, config, name));
}

function folderType({ tensors }: ModelFolder, { type = 'auto' }: ExportOptions): MergedType {
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
