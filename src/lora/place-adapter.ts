// Where a config puts an adapter on a base, and what it has there: the shape of an adapter before its numbers. Reading a file
// and starting a new adapter both begin here, so that they cannot disagree. Rules and names are PEFT's.

import type { ModelParts } from '../model/model-parts.ts';
import type { WeightSpec } from '../model/prepare-weights.ts';
import type { LinearShapes, SavedTensor, TokenRows } from './adapter.ts';
import type { AdapterConfig } from './adapter-config.ts';
import type { ModuleShape } from './adapter-tensors.ts';
import type { LoraConfig } from './lora-config.ts';
import { resolveTargets, type Target } from './match-targets.ts';
import { type BottleneckShape, placeBottlenecks } from './methods/bottleneck.ts';
import { type Ia3Config, type Ia3Shape, placeIa3 } from './methods/ia3.ts';
import { type PromptShape, placePrompt } from './methods/prompt-tuning.ts';

/** What is known about a base. If only its linears are known, an adapter can only sit on those. */
export interface Sites extends Partial<Omit<ModelParts, 'linears'>> {
  readonly linears: LinearShapes;
}

export interface PlacedModule extends Target, ModuleShape {
  readonly magnitude?: true;
  readonly loraBias?: true;
  readonly start?: true;
}

/** An `AdapterShape`. */
export interface Placement {
  readonly modules: ReadonlyMap<string, PlacedModule>;
  readonly saved?: ReadonlyMap<string, Pick<SavedTensor, 'shape' | 'transposed'>>;
  readonly tokens?: ReadonlyMap<string, Pick<TokenRows, 'ids' | 'columns'>>;
  readonly ia3?: ReadonlyMap<string, Ia3Shape>;
  readonly prompt?: PromptShape;
  readonly bottlenecks?: ReadonlyMap<string, BottleneckShape>;
}

/** Throws a RangeError that names what the config asks for and the base does not have. */
export function placeAdapter(config: AdapterConfig, sites: Sites): Placement {
  switch (config.peft_type) {
    case 'LORA':
      return placeLora(config, sites);
    case 'IA3':
      return placeFactors(config, sites);
    case 'PROMPT_TUNING':
      return { modules: NO_MODULES, prompt: placePrompt(config, sites.embeddings ?? new Map()) };
    case 'BOTTLENECK':
      return { modules: NO_MODULES, bottlenecks: placeBottlenecks(config, sites.linears, sites.bottleneckSites) };
  }
}

const NO_MODULES: ReadonlyMap<string, PlacedModule> = new Map();

function placeFactors(config: Ia3Config, sites: Sites): Placement {
  const { head, linears, tensors = [], ia3Defaults } = sites;
  const headSite = head && tensors.length > 0 ? { path: head.path, shape: headShape(sites) } : undefined;
  const ia3 = placeIa3(config, linears, ia3Defaults, headSite);
  const saved = savedParameters({ modules_to_save: config.modules_to_save, bias: 'none' }, sites, NO_MODULES);
  return { modules: NO_MODULES, ia3, ...(saved.size > 0 && { saved }) };
}

function placeLora(config: LoraConfig, sites: Sites): Placement {
  const { linears, embeddings = new Map(), head, tensors = [], defaultTargets } = sites;
  const others = head && { embeddings: embeddings.keys(), head: head.path };
  const modules = new Map<string, PlacedModule>();
  for (const [path, target] of resolveTargets(config, linears.keys(), defaultTargets, others)) {
    const isEmbedding = embeddings.has(path);
    const [outFeatures, inFeatures] = linears.get(path) ?? embeddings.get(path) ?? headShape(sites);
    if (isEmbedding && config.use_dora)
      throw new RangeError(`Cannot place the adapter: found use_dora on the embedding "${path}", need it on linears`);
    modules.set(path, {
      ...target,
      inFeatures,
      outFeatures,
      ...(isEmbedding && { isEmbedding }),
      ...(config.use_dora && { magnitude: true }),
      ...(isTakenFromBase(config) && { start: true }),
      ...(config.lora_bias && !isEmbedding && { loraBias: true }),
    });
  }
  const saved = savedParameters(config, sites, modules);
  const tokens = tokenRows(config, embeddings);
  refuseTying(config, sites, modules, saved);
  // Without the base's tensors nothing is known of them; a reader then goes by its file (`peft.ts`).
  if (tensors.length === 0) return { modules, ...(tokens.size > 0 && { tokens }) };
  return { modules, ...(saved.size > 0 && { saved }), ...(tokens.size > 0 && { tokens }) };
}

/** Initialisations that subtract the adapter's start from the base. */
function isTakenFromBase({ init_lora_weights: init }: LoraConfig): boolean {
  return typeof init === 'string' && (init.startsWith('pissa') || init === 'olora');
}

function headShape({ head, tensors }: Sites): readonly [number, number] {
  const shape = tensors?.find(({ name }) => name === `${head!.matrix}.weight`)?.shape;
  return shape as unknown as readonly [number, number];
}

/**
 * Parameters that are trained in full, by their names: those of modules whose path, or the path of a module around them, ends
 * as an entry of modules_to_save does (PEFT compares plain texts: "norm" is all norms), and the biases that `bias` names.
 */
function savedParameters(
  { modules_to_save, bias }: Pick<LoraConfig, 'modules_to_save' | 'bias'>,
  { tensors = [], head }: Sites,
  modules: ReadonlyMap<string, PlacedModule>,
) {
  const saved = new Map<string, Pick<SavedTensor, 'shape' | 'transposed'>>();
  const entries = modules_to_save ?? [];
  const found = new Set<string>();
  // The head under its own name. PEFT copies one that is tied to the embedding: from then on they are two matrices.
  const matrix = tensors.find(({ name }) => name === `${head?.matrix}.weight`);
  const rest = head?.isTied ? tensors : tensors.filter((tensor) => tensor !== matrix);
  const all: readonly WeightSpec[] = matrix && head ? [...rest, { ...matrix, name: `${head.path}.weight` }] : tensors;
  for (const { name, shape, transposed } of all) {
    const path = name.slice(0, name.lastIndexOf('.'));
    const ends = entries.filter((entry) => pathsAround(path).some((module) => module.endsWith(entry)));
    for (const entry of ends) found.add(entry);
    const isTrainedBias = name.endsWith('.bias') && (bias === 'all' || (bias === 'lora_only' && modules.has(path)));
    if (ends.length > 0 || isTrainedBias) saved.set(name, { shape, ...(transposed && { transposed }) });
  }
  const missing = entries.find((entry) => !found.has(entry));
  if (missing !== undefined && tensors.length > 0)
    throw new RangeError(
      `Cannot place the adapter: found "${missing}" in modules_to_save, need a module of this model`,
    );
  return saved;
}

/** The path of a module and of every module around it. */
function pathsAround(path: string): string[] {
  const parts = path.split('.');
  return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
}

function tokenRows({ trainable_token_indices: chosen }: LoraConfig, embeddings: LinearShapes) {
  const tokens = new Map<string, Pick<TokenRows, 'ids' | 'columns'>>();
  if (chosen === null || embeddings.size === 0) return tokens;
  const byName: readonly (readonly [string, readonly number[]])[] = Array.isArray(chosen)
    ? [['', chosen as readonly number[]]]
    : Object.entries(chosen as Readonly<Record<string, readonly number[]>>);
  for (const [name, ids] of byName) {
    const path = [...embeddings.keys()].find((table) => table.endsWith(name));
    if (path === undefined)
      throw new RangeError(`Cannot place the adapter: found "${name}" in trainable_token_indices, need an embedding`);
    const [columns, rows] = embeddings.get(path)!;
    const beyond = ids.find((id) => id >= rows);
    if (beyond !== undefined)
      throw new RangeError(`Cannot place the adapter: found token ${beyond} to train, need ids below ${rows}`);
    tokens.set(path, { ids, columns });
  }
  return tokens;
}

/** PEFT can keep a tied head and its embedding one matrix while either is trained; Graft trains them as two. */
function refuseTying(
  { other }: LoraConfig,
  { head, embeddings }: Sites,
  modules: ReadonlyMap<string, PlacedModule>,
  saved: ReadonlyMap<string, unknown>,
): void {
  if (!other.ensure_weight_tying || !head?.isTied) return;
  const touched = [head.path, ...(embeddings?.keys() ?? [])].find(
    (path) => modules.has(path) || saved.has(`${path}.weight`),
  );
  if (touched !== undefined)
    throw new RangeError(`Cannot place the adapter: found ensure_weight_tying with "${touched}", need it false`);
}
