// What an adapter for llama.cpp or mlx-lm is, from its headers alone and without its base: where it sits, with what rank and
// strength. To use one, read-gguf.ts and read-mlx.ts read it for a base.

import { ARCHITECTURES } from '../../model/gguf/architectures.ts';
import { readGgufHeader } from '../../model/gguf/read-header.ts';
import { baseName, findFile, type ModelFile, readJsonObject } from '../../model/model-file.ts';
import { readSafetensorsHeader, type TensorInfo } from '../../model/safetensors.ts';
import { MLX_WEIGHTS, readMlxSettings } from './read-mlx.ts';

export interface DescribedAdapter {
  readonly format: 'GGUF for llama.cpp' | 'MLX';
  /** As far as the file says. */
  readonly base: string | undefined;
  readonly rank: number;
  readonly alpha: number;
  readonly parameters: number;
  /** Paths of Hugging Face where the file's own names have one. */
  readonly modules: readonly {
    readonly path: string;
    readonly r: number;
    readonly alpha: number;
    readonly in: number;
    readonly out: number;
  }[];
  readonly notices: readonly string[];
}

/** True for a .gguf file that holds an adapter and no model. */
export async function isGgufAdapter(file: ModelFile): Promise<boolean> {
  return (await readGgufHeader(file)).metadata.get('general.type') === 'adapter';
}

/** Throws a sentence that names what is no part of a LoRA adapter. */
export async function describeGgufAdapter(file: ModelFile): Promise<DescribedAdapter> {
  const { metadata, tensors } = await readGgufHeader(file);
  const text = (key: string) => {
    const value = metadata.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  const kind = text('adapter.type');
  if (kind !== 'lora')
    throw new RangeError(
      `Cannot read the adapter "${baseName(file.name)}": found adapter.type ${JSON.stringify(kind)}, need "lora"`,
    );
  const architecture = text('general.architecture') ?? '';
  const entry = Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] : undefined;
  const pathOf = (name: string) => {
    if (entry && name === 'output') return 'lm_head';
    if (entry && name === 'token_embd') return entry.outside.token_embd!;
    const [, block, stem = ''] = /^blk\.(\d+)\.(\w+)$/.exec(name) ?? [];
    const inside = entry && Object.hasOwn(entry.inside, stem) ? entry.inside[stem] : undefined;
    return block !== undefined && inside !== undefined ? `${entry!.blocks}.${block}.${inside}` : name;
  };
  const pairs = pairUp(tensors, /^(.+)\.weight\.lora_([ab])$/, baseName(file.name));
  const stated = Number(metadata.get('adapter.lora.alpha') ?? 0);
  const modules = [...pairs].map(([name, { a, b }]) => {
    // llama.cpp holds the embedding's A the other way round.
    const [rank = 0, width = 0] = name === 'token_embd' ? a.shape.toReversed() : a.shape;
    return { path: pathOf(name), r: rank, alpha: stated || rank, in: width, out: b.shape[0] ?? 0 };
  });
  const base = text('general.base_model.0.name') ?? text('general.base_model.0.repo_url');
  return {
    format: 'GGUF for llama.cpp',
    base: base ?? `one of llama.cpp's "${architecture}"`,
    rank: mostCommon(modules.map(({ r }) => r)),
    alpha: stated,
    parameters: count(tensors),
    modules,
    notices: entry ? [] : [`Graft does not know llama.cpp's "${architecture}": names are those of the file`],
  };
}

/** Throws a sentence that names the setting or the tensor that is no part of an adapter of mlx-lm. */
export async function describeMlxAdapter(files: readonly ModelFile[]): Promise<DescribedAdapter> {
  const settings = readMlxSettings(await readJsonObject(findFile(files, 'adapter_config.json')!));
  const { tensors } = await readSafetensorsHeader(findFile(files, MLX_WEIGHTS)!);
  const factors = tensors.filter(({ name }) => !(settings.isDora && name.endsWith('.m')));
  const modules = [...pairUp(factors, /^(.+)\.lora_([ab])$/, MLX_WEIGHTS)].map(([path, { a, b }]) => {
    const [width = 0, r = 0] = a.shape;
    return { path, r, alpha: settings.scale * r, in: width, out: b.shape[1] ?? 0 };
  });
  const rank = mostCommon(modules.map(({ r }) => r));
  return {
    format: 'MLX',
    base: settings.baseName,
    rank,
    alpha: settings.scale * rank,
    parameters: count(tensors),
    modules,
    notices: settings.isDora ? ['DoRA: it has the length of each row beside A and B'] : [],
  };
}

function pairUp(
  tensors: readonly TensorInfo[],
  pattern: RegExp,
  file: string,
): ReadonlyMap<string, { readonly a: TensorInfo; readonly b: TensorInfo }> {
  const bad = (found: string, need: string) =>
    new RangeError(`Cannot read the adapter "${file}": found ${found}, need ${need}`);
  const parts = new Map<string, { a?: TensorInfo; b?: TensorInfo }>();
  for (const info of tensors) {
    const [, name = '', factor] = pattern.exec(info.name) ?? [];
    if (factor === undefined) throw bad(`tensor "${info.name}"`, 'A and B of linears');
    parts.set(name, { ...parts.get(name), [factor]: info });
  }
  const pairs = new Map<string, { a: TensorInfo; b: TensorInfo }>();
  for (const [name, { a, b }] of parts) {
    if (a?.shape.length !== 2 || b?.shape.length !== 2)
      throw bad(`"${(a ?? b)!.name}" without its other factor`, 'A and B, both matrices');
    pairs.set(name, { a, b });
  }
  if (pairs.size === 0) throw bad('no tensors', 'A and B of at least one linear');
  return pairs;
}

function mostCommon(ranks: readonly number[]): number {
  const times = (rank: number) => ranks.filter((other) => other === rank).length;
  return ranks.reduce((best, rank) => (times(rank) > times(best) ? rank : best));
}

function count(tensors: readonly TensorInfo[]): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
