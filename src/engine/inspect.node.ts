// What lies at a path: a model folder or .gguf file, an adapter folder, or dataset files. Reads headers and rows, needs no GPU.

import { stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { inspectFiles } from '../data/inspect-files.ts';
import type { Notice } from '../data/types.ts';
import { methodName } from '../lora/adapter-config.ts';
import { countTrainable } from '../lora/adapter-tensors.ts';
import { adaptedSites, methodFacts } from '../lora/describe-adapter.ts';
import {
  type DescribedAdapter,
  describeGgufAdapter,
  describeMlxAdapter,
  isGgufAdapter,
} from '../lora/files/describe-foreign.ts';
import { readAdapterAlone } from '../lora/files/read-alone.ts';
import { MLX_WEIGHTS } from '../lora/files/read-mlx.ts';
import { chooseQuant } from '../model/choose-quant.ts';
import { readHubId } from '../model/hub/hub-id.ts';
import { findFile, type ModelFile } from '../model/model-file.ts';
import { type ModelFolder, openModelFolder } from '../model/model-folder.ts';
import { countParameters, modelParts } from '../model/model-parts.ts';
import { placeWeight, type QuantChoice } from '../model/prepare-weights.ts';
import { type QuantError, quantError } from '../model/quant-error.ts';
import { isModelFile, openDataFile, openModelFiles } from '../storage/node.ts';
import { findModel } from './model-at.node.ts';

export type { QuantError } from '../model/quant-error.ts';

export interface ModelInspection {
  readonly kind: 'model';
  readonly name: string;
  readonly family: string;
  readonly parameters: number;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocabulary: number;
  readonly contextTokens: number;
  readonly tied: boolean;
  readonly tokenizer: boolean;
  readonly chatTemplate: boolean;
  readonly licence: string;
  /** Of each matrix in the schemes asked for, the coarsest first; undefined when not asked for. */
  readonly quantErrors?: readonly QuantError[];
  readonly warnings: readonly string[];
}
export interface AdapterInspection {
  readonly kind: 'adapter';
  /** "LoRA", "IA³". */
  readonly method: string;
  readonly format: 'PEFT' | 'AdapterHub' | DescribedAdapter['format'];
  readonly base: string;
  /** Of a LoRA. */
  readonly rank?: number;
  readonly alpha?: number;
  readonly parameters: number;
  readonly modules: readonly {
    readonly path: string;
    /** In words. */
    readonly what: string;
    /** Of a LoRA. */
    readonly r?: number;
    readonly alpha?: number;
    readonly in?: number;
    readonly out?: number;
  }[];
  readonly warnings: readonly string[];
}
export interface DatasetInspection {
  readonly kind: 'dataset';
  readonly format: string;
  readonly shape: string;
  readonly rows: number;
  readonly skipped: readonly Notice[];
  readonly warnings: readonly Notice[];
}
export type Inspection = ModelInspection | AdapterInspection | DatasetInspection;

/** `quant`: for a model, reads all of it and measures what these schemes change. */
export async function inspectPath(paths: readonly string[], quant?: QuantChoice | 'auto'): Promise<Inspection> {
  const first = paths[0]!;
  const info = await stat(first).catch(() => undefined);
  if (info === undefined) {
    if (readHubId(first) === undefined)
      throw new Error(
        `Cannot inspect "${first}": found nothing there, need a file, a folder or a model of the Hub, org/name`,
      );
    const { files, name, licence } = await findModel(first);
    return inspectModel(files, { name, licence, quant });
  }
  if (isModelFile(first)) {
    const files = await openModelFiles(first);
    return (await isGgufAdapter(files[0]!))
      ? described(await describeGgufAdapter(files[0]!))
      : inspectModel(files, { quant });
  }
  if (!info.isDirectory()) {
    const found = await inspectFiles(await Promise.all(paths.map(openDataFile)));
    return {
      kind: 'dataset',
      format: found.format,
      shape: found.shape,
      rows: found.rows,
      skipped: found.skipped,
      warnings: found.warnings,
    };
  }
  const files = await openModelFiles(first);
  if (findFile(files, 'adapter_config.json'))
    return findFile(files, MLX_WEIGHTS) ? described(await describeMlxAdapter(files)) : inspectAdapter(files);
  const ggufs = files.filter(({ name }) => isModelFile(name));
  if (ggufs.length === 1 && (await isGgufAdapter(ggufs[0]!))) return described(await describeGgufAdapter(ggufs[0]!));
  if (findFile(files, 'config.json') || files.some(({ name }) => isModelFile(name)))
    return inspectModel(files, { name: path.basename(path.resolve(first)), quant });
  throw new Error(
    `Cannot inspect "${first}": found no config.json and no adapter_config.json, need one of them or dataset files`,
  );
}

interface ModelAsk {
  readonly name?: string | undefined;
  readonly licence?: string | undefined;
  readonly quant: QuantChoice | 'auto' | undefined;
}

async function inspectModel(files: readonly ModelFile[], { name, licence, quant }: ModelAsk): Promise<ModelInspection> {
  const folder = await openModelFolder(files, name);
  const { config } = folder;
  const tokenizer = await folder.loadTokenizer?.();
  return {
    kind: 'model',
    name: folder.name,
    family: config.family,
    parameters: countParameters(modelParts(config)),
    layers: config.layers,
    hidden: config.hidden,
    heads: config.heads,
    kvHeads: config.kvHeads,
    vocabulary: config.vocab,
    contextTokens: config.contextTokens,
    tied: config.tied,
    tokenizer: tokenizer !== undefined,
    chatTemplate: tokenizer?.hasChatTemplate ?? false,
    licence: folder.licence ?? licence ?? 'not stated',
    ...(quant && { quantErrors: await measureErrors(folder, quant) }),
    warnings: folder.warnings,
  };
}

async function measureErrors({ config, tensors }: ModelFolder, asked: QuantChoice | 'auto'): Promise<QuantError[]> {
  const specs = modelParts(config).tensors;
  const room = { memoryBytes: totalmem() };
  const quant = asked === 'auto' ? chooseQuant(specs, tensors, room) : asked;
  const places = specs.map((spec) => placeWeight(spec, quant)).filter(({ columns }) => columns > 1);
  const errors: QuantError[] = [];
  for (const place of places) errors.push(await quantError(tensors, place));
  return errors.sort((a, b) => b.relative - a.relative);
}

function described({ notices, base = 'not stated', ...rest }: DescribedAdapter): AdapterInspection {
  const modules = rest.modules.map((one) => ({
    ...one,
    what: `rank ${one.r}  alpha ${one.alpha}  ${one.out}×${one.in}`,
  }));
  return { kind: 'adapter', method: 'LoRA', ...rest, base, modules, warnings: notices };
}

async function inspectAdapter(files: readonly ModelFile[]): Promise<AdapterInspection> {
  const { adapter, notices } = await readAdapterAlone(files);
  const { config } = adapter;
  const sizes = new Map(
    [...adapter.modules].map(([at, m]) => [at, { r: m.r, alpha: m.alpha, in: m.inFeatures, out: m.outFeatures }]),
  );
  return {
    kind: 'adapter',
    method: methodName(config),
    format: config.peft_type === 'BOTTLENECK' ? 'AdapterHub' : 'PEFT',
    base: config.base_model_name_or_path ?? 'not stated',
    ...(config.peft_type === 'LORA'
      ? { rank: config.r, alpha: config.lora_alpha }
      : Object.fromEntries(methodFacts(adapter))),
    parameters: countTrainable(adapter),
    modules: adaptedSites(adapter).map((site) => ({ path: site.path, what: site.what, ...sizes.get(site.path) })),
    warnings: notices,
  };
}
