// An adapter as a list of named tensors: what its file holds, what lies in its flat buffer, what the optimiser sees. The
// names are PEFT's keys without "base_model.model.", so files, gradients and checkpoints speak of the same things.

import type { Adapter, AdapterModule, SavedTensor, TokenRows } from './adapter.ts';
import type { AdapterConfig } from './adapter-config.ts';
import type { Target } from './match-targets.ts';
import {
  BOTTLENECK_PARTS,
  type Bottleneck,
  type BottleneckPart,
  type BottleneckShape,
  bottleneckTensors,
} from './methods/bottleneck.ts';
import type { Ia3Module, Ia3Shape } from './methods/ia3.ts';
import type { PromptShape, SoftPrompt } from './methods/prompt-tuning.ts';

/** What an adapter has at one module; `true` where the numbers are not there yet. */
export interface ModuleShape {
  readonly r: number;
  /** s of y += s·B·A·x: alpha / r, or alpha / √r with rsLoRA. */
  readonly scaling: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly isEmbedding?: boolean;
  readonly magnitude?: Float32Array | true;
  readonly loraBias?: Float32Array | true;
  /** B₀·A₀ is taken from the base. */
  readonly start?: AdapterModule['start'] | true;
}

/** Where an adapter sits and with what; an `Adapter` is one, and one can be made without its numbers. */
export interface AdapterShape {
  readonly modules: ReadonlyMap<string, ModuleShape>;
  readonly saved?: ReadonlyMap<string, Pick<SavedTensor, 'shape' | 'transposed'>>;
  readonly tokens?: ReadonlyMap<string, Pick<TokenRows, 'ids' | 'columns'>>;
  readonly ia3?: ReadonlyMap<string, Ia3Shape>;
  readonly prompt?: PromptShape;
  readonly bottlenecks?: ReadonlyMap<string, BottleneckShape>;
}

/** How LoRA+ groups parameters (PEFT's create_loraplus_optimizer): A and matrices, B and vectors, LoRA of embeddings. */
export type RateGroup = 'a' | 'b' | 'embedding';

export interface AdapterTensor {
  /** PEFT's key without its prefix: "model.layers.0.self_attn.q_proj.lora_A.weight". */
  readonly name: string;
  /** The module's path; of a saved parameter, its name in the base. */
  readonly path: string;
  readonly part:
    | 'lora_A'
    | 'lora_B'
    | 'magnitude'
    | 'lora_bias'
    | 'saved'
    | 'tokens'
    | 'ia3'
    | 'prompt'
    | BottleneckPart;
  readonly shape: readonly number[];
  readonly group: RateGroup;
  /** LoRA+ decays neither biases nor the weights of layer norms. */
  readonly isBias: boolean;
}

/** Numbers by tensor name. */
export type TensorTable = ReadonlyMap<string, Float32Array>;

/** All tensors of an adapter, in the order in which they lie in memory. */
export function adapterTensors({ modules, saved, tokens, ia3, prompt, bottlenecks }: AdapterShape): AdapterTensor[] {
  const list: AdapterTensor[] = [];
  for (const [path, m] of modules) {
    const [a, b] = m.isEmbedding ? ['lora_embedding_A', 'lora_embedding_B'] : ['lora_A.weight', 'lora_B.weight'];
    const rest = { path, isBias: false };
    const factor = (group: RateGroup): RateGroup => (m.isEmbedding ? 'embedding' : group);
    list.push({ ...rest, name: `${path}.${a}`, part: 'lora_A', shape: [m.r, m.inFeatures], group: factor('a') });
    list.push({ ...rest, name: `${path}.${b}`, part: 'lora_B', shape: [m.outFeatures, m.r], group: factor('b') });
    const vector = { ...rest, shape: [m.outFeatures], group: 'b' } as const;
    if (m.magnitude) list.push({ ...vector, name: `${path}.lora_magnitude_vector`, part: 'magnitude' });
    if (m.loraBias) list.push({ ...vector, name: `${path}.lora_B.bias`, part: 'lora_bias', isBias: true });
  }
  for (const [path, { isFeedforward, inFeatures, outFeatures }] of ia3 ?? []) {
    const shape = isFeedforward ? [1, inFeatures] : [outFeatures, 1];
    list.push({ name: `${path}.ia3_l`, path, part: 'ia3', shape, group: 'b', isBias: false });
  }
  for (const [path, bottleneck] of bottlenecks ?? [])
    for (const [part, name, shape] of bottleneckTensors(bottleneck)) {
      const isBias = part.endsWith('bias');
      list.push({ name: `${bottleneck.prefix}.${name}`, path, part, shape, group: isBias ? 'b' : 'a', isBias });
    }
  if (prompt) {
    const shape = [prompt.count, prompt.columns];
    list.push({ name: 'prompt_embeddings', path: prompt.path, part: 'prompt', shape, group: 'a', isBias: false });
  }
  for (const [path, { shape }] of saved ?? []) {
    const isVector = shape.length === 1;
    const isBias = path.endsWith('.bias');
    const module = path.slice(0, path.lastIndexOf('.'));
    // PEFT wraps a module with LoRA around the base's, whose bias then has another name.
    const name = modules.has(module) ? `${module}.base_layer.${path.slice(module.length + 1)}` : path;
    list.push({ name, path, part: 'saved', shape, group: isVector ? 'b' : 'a', isBias });
  }
  for (const [path, { ids, columns }] of tokens ?? []) {
    const name = `${path}.token_adapter.trainable_tokens_delta`;
    list.push({ name, path, part: 'tokens', shape: [ids.length, columns], group: 'a', isBias: false });
  }
  return list;
}

/** The numbers of an adapter by tensor name. */
export function tensorsOf(adapter: Adapter): Map<string, Float32Array> {
  return new Map(
    adapterTensors(adapter).map(({ name, path, part }) => {
      const module = adapter.modules.get(path);
      const values = {
        lora_A: module?.a,
        lora_B: module?.b,
        magnitude: module?.magnitude,
        lora_bias: module?.loraBias,
        saved: adapter.saved?.get(path)?.values,
        tokens: adapter.tokens?.get(path)?.rows,
        ia3: adapter.ia3?.get(path)?.values,
        prompt: adapter.prompt?.rows,
        ...adapter.bottlenecks?.get(path)?.tensors,
      }[part];
      return [name, values!];
    }),
  );
}

/** The same adapter with other numbers. */
export function withTensors(adapter: Adapter, table: TensorTable): Adapter {
  return fillShape(adapter.config, adapter.baseName, adapter, table);
}

/** The shape of an adapter with all that PEFT says of its modules. */
export interface TargetShape extends AdapterShape {
  readonly modules: ReadonlyMap<string, ModuleShape & Target>;
}

/** An adapter of this shape with these numbers. Throws a RangeError for a tensor that the table does not have. */
export function fillShape(
  config: AdapterConfig,
  baseName: string | undefined,
  shape: TargetShape,
  table: TensorTable,
): Adapter {
  const modules = new Map<string, AdapterModule>();
  const saved = new Map<string, SavedTensor>();
  const tokens = new Map<string, TokenRows>();
  const ia3 = new Map<string, Ia3Module>();
  let prompt: SoftPrompt | undefined;
  const bottlenecks = new Map<string, Bottleneck>();
  for (const { name, path, part } of adapterTensors(shape)) {
    const values = table.get(name);
    if (values === undefined) throw new RangeError(`Cannot fill the adapter: found no "${name}", need all its tensors`);
    if (part === 'saved') saved.set(path, { ...shape.saved!.get(path)!, values });
    else if (part === 'tokens') tokens.set(path, { ...shape.tokens!.get(path)!, rows: values });
    else if (isBottleneckPart(part)) {
      const known = bottlenecks.get(path);
      const tensors = { ...known?.tensors, [part]: values } as Bottleneck['tensors'];
      bottlenecks.set(path, { ...shape.bottlenecks!.get(path)!, tensors });
    } else if (part === 'prompt') prompt = { ...shape.prompt!, rows: values };
    else if (part === 'ia3') ia3.set(path, { ...shape.ia3!.get(path)!, values });
    else
      modules.set(path, {
        ...(modules.get(path) ?? shape.modules.get(path)!),
        [FIELDS[part]]: values,
      } as AdapterModule);
  }
  return {
    config,
    baseName,
    modules,
    ...(shape.saved && { saved }),
    ...(shape.tokens && { tokens }),
    ...(shape.ia3 && { ia3 }),
    ...(prompt && { prompt }),
    ...(shape.bottlenecks && { bottlenecks }),
  };
}

function isBottleneckPart(part: AdapterTensor['part']): part is BottleneckPart {
  return BOTTLENECK_PARTS.some((name) => name === part);
}

const FIELDS = { lora_A: 'a', lora_B: 'b', magnitude: 'magnitude', lora_bias: 'loraBias' } as const;

export function countTrainable(shape: AdapterShape): number {
  return adapterTensors(shape).reduce((sum, tensor) => sum + tensor.shape.reduce((a, b) => a * b, 1), 0);
}

/** Bytes that parameters trained in full need in training: each with its gradient and both of Adam's moments. */
export function savedBytes({ saved }: AdapterShape): number {
  let bytes = 0;
  for (const { shape } of saved?.values() ?? []) bytes += 16 * shape.reduce((a, b) => a * b, 1);
  return bytes;
}
