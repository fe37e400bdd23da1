// A new adapter on an opened base: the random factors of init-adapter.ts, and everything that needs the base's numbers: row norms
// (DoRA), parameters that are trained in full, token rows, principal components of W (pissa, olora, loftq) or of its inputs (eva).

import type { BaseModel } from '../model/base-model.ts';
import { readParameter } from '../model/read-parameter.ts';
import { type Adapter, type AdapterModule, checkAdapter, type SavedTensor, type TokenRows } from './adapter.ts';
import type { AdapterConfig } from './adapter-config.ts';
import { matrix } from './algebra/matrix.ts';
import { configWithRanks, isEva } from './eva/eva-placement.ts';
import type { EvaFactors } from './eva/eva-search.ts';
import { FlatAdapter, normName, readFlat } from './flat-adapter.ts';
import { initFactors, normalNumbers, uniformNumbers } from './init-adapter.ts';
import type { LoraConfig } from './lora-config.ts';
import type { BottleneckConfig } from './methods/bottleneck.ts';
import type { Ia3Config } from './methods/ia3.ts';
import { type PromptShape, type PromptTuningConfig, repeatToLength } from './methods/prompt-tuning.ts';
import { type Placement, placeAdapter } from './place-adapter.ts';
import { oloraFactors, type PrincipalFactors, pissaFactors, randomisedFactors } from './principal-factors.ts';

/** Iterations of the randomised SVD where an exact one would take long and its spectrum is flat. */
const LOFTQ_ITERATIONS = 8;
/** Up to this size LoftQ's remainder is decomposed exactly. */
const SMALL = 512;

/**
 * `eva`: the factors found in the data, for init_lora_weights "eva" (train/eva-start.ts). Throws a RangeError that names the part of
 * the config that cannot be initialised here.
 */
export async function startAdapter(
  model: BaseModel,
  config: AdapterConfig,
  seed: number,
  eva?: EvaFactors,
): Promise<Adapter> {
  switch (config.peft_type) {
    case 'LORA':
      return isEva(config) ? startEva(model, config, seed, eva) : startLora(model, config, seed);
    case 'IA3':
      return startIa3(model, config, seed);
    case 'PROMPT_TUNING':
      return startPrompt(model, config, seed);
    case 'BOTTLENECK':
      return startBottlenecks(model, config, seed);
  }
}

/** Factors of 1, which leave the base unchanged; random ones where the config says so. */
async function startIa3(model: BaseModel, config: Ia3Config, seed: number): Promise<Adapter> {
  const placed = placeAdapter(config, model.parts);
  const ia3 = new Map(
    [...placed.ia3!].map(([path, shape]) => {
      const values = new Float32Array(shape.isFeedforward ? shape.inFeatures : shape.outFeatures).fill(1);
      const normal = normalNumbers(seed, `${path}.ia3_l`);
      return [path, { ...shape, values: config.init_ia3_weights ? values : values.map((_, k) => normal(k)) }] as const;
    }),
  );
  const saved = await savedNumbers(model, placed);
  return { config, baseName: model.folder.name, modules: new Map(), ia3, ...(saved && { saved }) };
}

/** As AdapterHub's "mam_adapter": D initialised like LoRA's A and all else 0, which leaves the base unchanged. */
async function startBottlenecks(model: BaseModel, config: BottleneckConfig, seed: number): Promise<Adapter> {
  const { folder, family } = model;
  const placed = placeAdapter(config, model.parts).bottlenecks!;
  const uniform = (length: number, name: string, bound: number) => {
    const unit = uniformNumbers(seed, name);
    return Float32Array.from({ length }, (_, k) => (2 * unit(k) - 1) * bound);
  };
  const bottlenecks = new Map(
    [...placed].map(([path, shape]) => {
      const { prefix, size, width } = shape;
      const tensors = {
        down: uniform(size * width, `${prefix}.down`, 1 / Math.sqrt(width)),
        down_bias: new Float32Array(size),
        up: new Float32Array(width * size),
        up_bias: new Float32Array(width),
      };
      return [path, { ...shape, tensors }] as const;
    }),
  );
  const base = { model_type: model.config.family, model_class: family.architecture, hidden_size: model.config.hidden };
  return { config: { ...config, base }, baseName: folder.name, modules: new Map(), bottlenecks };
}

/** Rows of the embedding, or normally distributed numbers. The config keeps only what stays true afterwards. */
async function startPrompt(model: BaseModel, config: PromptTuningConfig, seed: number): Promise<Adapter> {
  const { folder, parts } = model;
  const shape = placeAdapter(config, parts).prompt!;
  const { count, columns, path } = shape;
  const ids = await startIds(model, config, shape, seed);
  const rows = new Float32Array(count * columns);
  if (ids === undefined) {
    const normal = normalNumbers(seed, 'prompt_embeddings');
    for (let k = 0; k < rows.length; k++) rows[k] = normal(k);
  } else {
    const table = await readParameter(folder.tensors, parts.tensors.find(({ name }) => name === `${path}.weight`)!);
    const scale = parts.embeddingScale;
    for (const [j, id] of ids.entries())
      for (let c = 0; c < columns; c++) rows[j * columns + c] = scale * table[id * columns + c]!;
  }
  const { heads, layers } = model.config;
  const figures = { token_dim: columns, num_attention_heads: heads, num_layers: layers };
  // Otherwise PEFT would look for the tokenizer and initialise again when it loads the adapter for training.
  const told = { ...config, ...figures, prompt_tuning_init: 'RANDOM', prompt_tuning_init_text: null } as const;
  return { config: told, baseName: folder.name, modules: new Map(), prompt: { ...shape, rows } };
}

/** Ids whose embeddings initialise the prompt; undefined: normally distributed numbers. */
async function startIds(
  { folder }: BaseModel,
  { prompt_tuning_init: init, prompt_tuning_init_text: text }: PromptTuningConfig,
  { count, firstId: vocab }: PromptShape,
  seed: number,
): Promise<readonly number[] | undefined> {
  if (init === 'RANDOM') return undefined;
  if (init === 'SAMPLE_VOCAB') {
    const unit = uniformNumbers(seed, 'prompt_embeddings.ids');
    return Array.from({ length: count }, (_, j) => Math.min(vocab - 1, Math.floor(unit(j) * vocab)));
  }
  const tokenizer = await folder.loadTokenizer?.();
  if (tokenizer === undefined)
    throw new RangeError(`Cannot begin the prompt with a text: found no tokenizer in "${folder.name}", need one`);
  return repeatToLength(tokenizer.encode(text ?? '', { special: true }), count);
}

/** Ranks and A as EVA found them; modules that it does not cover (embeddings) are initialised as usual. */
async function startEva(model: BaseModel, config: LoraConfig, seed: number, found?: EvaFactors): Promise<Adapter> {
  if (found === undefined)
    throw new RangeError('Cannot start an adapter: found init_lora_weights "eva" without rows to look at, need them');
  const { parts } = model;
  const paths = [...parts.linears.keys(), ...parts.embeddings.keys(), parts.head.path];
  const settled = configWithRanks(config, placeAdapter(config, parts).modules, found, paths);
  const begun = await startLora(model, { ...settled, init_lora_weights: true }, seed);
  const withA = ([path, module]: readonly [string, AdapterModule]) => {
    const a = found.get(path);
    return [path, a === undefined ? module : { ...module, a: Float32Array.from(a.data) }] as const;
  };
  const adapter = { ...begun, config: settled, modules: new Map([...begun.modules].map(withA)) };
  checkAdapter(adapter);
  return adapter;
}

async function startLora(model: BaseModel, config: LoraConfig, seed: number): Promise<Adapter> {
  const placed = placeAdapter(config, model.parts);
  const init = config.init_lora_weights;
  const takesFromBase = typeof init === 'string' && init !== 'gaussian' && init !== 'orthogonal';
  let modules = initFactors(takesFromBase ? { ...config, init_lora_weights: true } : config, placed.modules, seed);
  if (takesFromBase) modules = await withPrincipal(model, config, modules, seed);
  const saved = await savedNumbers(model, placed);
  const tokens = await tokenNumbers(model, placed);
  // The config keeps only what stays true afterwards: otherwise PEFT would initialise again when it loads the adapter.
  const told = init === 'loftq' ? { ...config, init_lora_weights: true } : config;
  const plain = {
    config: told,
    baseName: model.folder.name,
    modules,
    ...(saved && { saved }),
    ...(tokens && { tokens }),
  };
  const adapter = config.use_dora ? await withMagnitudes(model, plain) : plain;
  checkAdapter(adapter);
  return adapter;
}

/** m = ‖W + s·B·A‖ for every row, from the weights as stored on the device. */
async function withMagnitudes(model: BaseModel, adapter: Adapter): Promise<Adapter> {
  const ones = new Map(
    [...adapter.modules].map(([path, m]) => [path, { ...m, magnitude: new Float32Array(m.outFeatures).fill(1) }]),
  );
  const flat = await FlatAdapter.load(model.device, { ...adapter, modules: ones });
  try {
    await flat.measure(model);
    const all = await readFlat(model.device, flat.extra.get(normName([...ones.keys()][0]!))!.buffer);
    const modules = new Map<string, AdapterModule>();
    for (const [path, m] of ones) {
      const { offset, size } = flat.extra.get(normName(path))!;
      modules.set(path, { ...m, magnitude: all.slice(offset / 4, (offset + size) / 4) });
    }
    return { ...adapter, modules };
  } finally {
    flat.destroy();
  }
}

async function savedNumbers(
  { folder, parts }: BaseModel,
  { saved }: Placement,
): Promise<Map<string, SavedTensor> | undefined> {
  if (saved === undefined) return undefined;
  const numbers = new Map<string, SavedTensor>();
  for (const [name, shape] of saved) {
    const own = name === `${parts.head.path}.weight` ? `${parts.head.matrix}.weight` : name;
    const spec = parts.tensors.find((tensor) => tensor.name === own)!;
    numbers.set(name, { ...shape, values: await readParameter(folder.tensors, spec) });
  }
  return numbers;
}

async function tokenNumbers(
  { folder, parts }: BaseModel,
  { tokens }: Placement,
): Promise<Map<string, TokenRows> | undefined> {
  if (tokens === undefined) return undefined;
  const numbers = new Map<string, TokenRows>();
  for (const [path, { ids, columns }] of tokens) {
    const spec = parts.tensors.find(({ name }) => name === `${path}.weight`)!;
    const table = await readParameter(folder.tensors, spec);
    const rows = new Float32Array(ids.length * columns);
    for (const [j, id] of ids.entries()) rows.set(table.subarray(id * columns, (id + 1) * columns), j * columns);
    numbers.set(path, { ids, columns, rows });
  }
  return numbers;
}

/** pissa and olora: A and B, which are also what is subtracted from the base. loftq: what quantisation lost. */
async function withPrincipal(
  model: BaseModel,
  config: LoraConfig,
  modules: ReadonlyMap<string, AdapterModule>,
  seed: number,
): Promise<Map<string, AdapterModule>> {
  const init = String(config.init_lora_weights);
  if (config.use_dora)
    throw new RangeError(`Cannot start an adapter: found use_dora with init_lora_weights "${init}", need one of them`);
  const out = new Map<string, AdapterModule>();
  for (const [path, module] of modules) {
    if (module.isEmbedding)
      throw new RangeError(`Cannot start an adapter: found "${init}" on the embedding "${path}", need linears`);
    const factors = await principalOf(model, init, path, module, seed);
    out.set(path, { ...module, ...factors, ...(init !== 'loftq' && { start: factors }) });
  }
  return out;
}

async function principalOf(
  { folder, parts, quant }: BaseModel,
  init: string,
  path: string,
  { r, scaling, inFeatures, outFeatures }: AdapterModule,
  seed: number,
): Promise<PrincipalFactors> {
  const most = Math.min(inFeatures, outFeatures);
  if (r > most)
    throw new RangeError(`Cannot start an adapter: found rank ${r} with "${init}" at "${path}", need at most ${most}`);
  const name = path === parts.head.path ? parts.head.matrix : path;
  const spec = parts.tensors.find((tensor) => tensor.name === `${name}.weight`)!;
  const values = await readParameter(folder.tensors, spec);
  const normal = normalNumbers(seed, `${path}.${init}`);
  if (init === 'loftq') {
    const scheme = spec.kind === 'embedding' ? quant.embeddings : quant.linears;
    if (scheme === 'f32' || scheme === 'nf4-dq')
      throw new RangeError(
        `Cannot start an adapter: found "loftq" on a base kept as ${scheme}, need one that loses something (q8, int8-row, nf4, f16)`,
      );
    const kept = await readParameter(folder.tensors, spec, quant);
    const lost = matrix(
      outFeatures,
      inFeatures,
      values.map((value, i) => value - kept[i]!),
    );
    return most <= SMALL
      ? pissaFactors(lost, r, scaling)
      : randomisedFactors(lost, r, scaling, LOFTQ_ITERATIONS, normal);
  }
  const w = matrix(outFeatures, inFeatures, values);
  if (init === 'olora') return oloraFactors(w, r);
  const [, iterations] = /^pissa(?:_niter_(\d+))?$/.exec(init) ?? [];
  return iterations === undefined
    ? pissaFactors(w, r, scaling)
    : randomisedFactors(w, r, scaling, Number(iterations), normal);
}
