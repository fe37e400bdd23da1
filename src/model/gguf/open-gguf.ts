// One .gguf file → what the parts of a Hugging Face folder say: config.json, tensors under Hugging Face's names, files of
// the tokenizer. From here on a model from GGUF is a model like any other.

import { baseName, type ModelFile } from '../model-file.ts';
import { readTensor } from '../read-tensor.ts';
import type { TensorInfo } from '../safetensors.ts';
import type { TokenizerFiles } from '../tokenizer.ts';
import { ARCHITECTURES, type Architecture, commonConfig } from './architectures.ts';
import { broken } from './byte-reader.ts';
import { type GgufValue, readGgufHeader } from './read-header.ts';
import { llama3Scaling } from './rope-factors.ts';
import { Settings } from './settings.ts';
import { endIds, tokenId, tokenizerFiles } from './tokenizer-files.ts';

export interface GgufModel {
  /** config.json */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** undefined when the file has no tokenizer. */
  readonly tokenizer: (() => TokenizerFiles) | undefined;
  readonly name: string;
  readonly licence: string | undefined;
  /** All named values of the file. */
  readonly values: ReadonlyMap<string, GgufValue>;
}

/** Factors by which Llama 3's slow waves are slowed; not a weight. */
const ROPE_FACTORS = 'rope_freqs.weight';

/** Throws a SyntaxError that names the file, key or tensor that is wrong or not known. */
export async function openGguf(file: ModelFile): Promise<GgufModel> {
  const { metadata, tensors } = await readGgufHeader(file);
  const { architecture, settings } = findArchitecture(file, metadata);
  const byName = new Map(tensors.map((t) => [t.name, t]));
  const has = (name: RegExp) => tensors.some((t) => name.test(t.name));
  const embedding = byName.get('token_embd.weight');
  if (embedding === undefined) throw broken(file, 'no tensor "token_embd.weight"', 'a whole model');
  const config: Record<string, unknown> = {
    ...commonConfig(settings, embedding.shape[0] ?? 0, has),
    ...architecture.config(settings, has),
    bos_token_id: tokenId(metadata, 'bos'),
    eos_token_id: endIds(metadata),
    pad_token_id: tokenId(metadata, 'padding'),
  };
  settings.refuseUnknown();
  const factors = byName.get(ROPE_FACTORS);
  if (factors) config.rope_scaling = llama3Scaling(file, await readTensor(factors), config);
  return {
    config,
    tensors: renameTensors(file, tensors, architecture, config),
    tokenizer: hasTokenizer(metadata) ? () => tokenizerFiles(file, metadata) : undefined,
    name: textOf(metadata, 'general.name') ?? baseName(file.name).replace(/\.gguf$/i, ''),
    licence: textOf(metadata, 'general.license'),
    values: metadata,
  };
}

function findArchitecture(file: ModelFile, metadata: ReadonlyMap<string, GgufValue>) {
  const type = metadata.get('general.type') ?? 'model';
  if (type !== 'model') throw broken(file, `general.type ${JSON.stringify(type)}`, '"model"');
  const parts = metadata.get('split.count') ?? 1;
  if (Number(parts) > 1) throw broken(file, `one of ${parts} parts`, 'a model in one file');
  const name = metadata.get('general.architecture');
  const known = typeof name === 'string' && Object.hasOwn(ARCHITECTURES, name) ? ARCHITECTURES[name] : undefined;
  if (known === undefined)
    throw broken(
      file,
      `general.architecture ${JSON.stringify(name ?? null)}`,
      `one of ${Object.keys(ARCHITECTURES).join(', ')}`,
    );
  return { architecture: known, settings: new Settings(file, metadata, name as string) };
}

function renameTensors(
  file: ModelFile,
  tensors: readonly TensorInfo[],
  architecture: Architecture,
  config: Readonly<Record<string, unknown>>,
): Map<string, TensorInfo> {
  const orders = architecture.rowOrders?.(config) ?? {};
  const out = new Map<string, TensorInfo>();
  for (const info of tensors) {
    if (info.name === ROPE_FACTORS) continue;
    const match = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(info.name);
    const [, block, stem = '', kind] = match ?? [];
    const paths = block === undefined ? architecture.outside : architecture.inside;
    if (!Object.hasOwn(paths, stem))
      throw broken(file, `tensor "${info.name}"`, `only those of a "${config.model_type}"`);
    const path = block === undefined ? paths[stem] : `${architecture.blocks}.${Number(block)}.${paths[stem]}`;
    const name = `${path}.${kind}`;
    const storedRow = block === undefined ? undefined : orders[stem];
    out.set(name, { ...info, name, asUsed: true, ...(storedRow && { storedRow }) });
  }
  return out;
}

/** llama.cpp writes "none" for models that have none. */
function hasTokenizer(metadata: ReadonlyMap<string, GgufValue>): boolean {
  return (metadata.get('tokenizer.ggml.model') ?? 'none') !== 'none';
}

function textOf(metadata: ReadonlyMap<string, GgufValue>, key: string): string | undefined {
  const value = metadata.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
