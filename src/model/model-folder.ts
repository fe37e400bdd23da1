// A dropped or bundled folder → an opened model: its settings, where each tensor lies, its tokenizer and its licence.
// Everything is checked before a byte of weights is read, so that a wrong folder fails in a second and says why.

import { type ModelConfig, parseConfig } from './config.ts';
import { FAMILIES } from './families/by-model-type.ts';
import { findFile, type ModelFile, readJsonObject, readText } from './model-file.ts';
import { modelParts } from './model-parts.ts';
import type { WeightSpec } from './prepare-weights.ts';
import { weightSource } from './quantize.ts';
import { readModelTensors, type TensorInfo } from './safetensors.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

export interface ModelFolder {
  /** Of the folder, or as the caller named it. */
  readonly name: string;
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Reads and builds the tokenizer on the first call; undefined when the folder has none. */
  readonly loadTokenizer: (() => Promise<Tokenizer>) | undefined;
  /** `license` of README.md's front matter ("apache-2.0"). */
  readonly licence: string | undefined;
  /** `__metadata__` of the weight files; "graft.quant" says that they are quantised already. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** Buffers that old checkpoints carry and no forward pass reads. */
const KNOWN_BUFFERS = /\.rotary_emb\.inv_freq$|\.(attn|attention)\.(masked_)?bias$/;
const FLOATS = ['F32', 'F16', 'BF16'];
/** Front matter stands at the top; model cards can be long. */
const MAX_CARD_BYTES = 1_000_000;

/** Throws an Error that names the file, field or tensor that is missing or wrong. */
export async function openModelFolder(files: readonly ModelFile[], name?: string): Promise<ModelFolder> {
  const configFile = findFile(files, 'config.json');
  if (!configFile)
    throw new RangeError('Cannot open the model: found no "config.json", need a Hugging Face model folder');
  const generationFile = findFile(files, 'generation_config.json');
  const generation = generationFile && (await readJsonObject(generationFile));
  const config = parseConfig(await readJsonObject(configFile), generation);
  const { tensors: found, metadata } = await readModelTensors(files);
  const specs = modelParts(config).tensors;
  const tensors = withPrefix(found, FAMILIES.get(config.family)!.prefix, specs);
  const warnings = checkTensors(specs, tensors);
  const tokenizerFile = findFile(files, 'tokenizer.json');
  let tokenizer: Promise<Tokenizer> | undefined;
  const loadTokenizer = tokenizerFile && (() => (tokenizer ??= readTokenizer(files, tokenizerFile, config)));
  return {
    name: name ?? configFile.name.split('/').at(-2) ?? 'model',
    config,
    tensors,
    loadTokenizer,
    licence: await readLicence(files),
    metadata,
    warnings,
  };
}

/** Tensors by the names of the whole model: some files leave the family's prefix out ("h.0.attn…" for "transformer.h.0.attn…"). */
function withPrefix(tensors: ReadonlyMap<string, TensorInfo>, prefix: string, specs: readonly WeightSpec[]) {
  const wanted = new Set(specs.flatMap(({ name }) => [name, `${name}.scale`]));
  return new Map(
    [...tensors].map(([name, info]) => {
      const whole = `${prefix}.${name}`;
      return [!wanted.has(name) && wanted.has(whole) && !tensors.has(whole) ? whole : name, info] as const;
    }),
  );
}

/** Throws for a tensor that is missing or has the wrong shape or type; returns warnings about those that are ignored. */
function checkTensors(specs: readonly WeightSpec[], tensors: ReadonlyMap<string, TensorInfo>): string[] {
  const ignored = new Set(tensors.keys());
  for (const spec of specs) {
    const info = tensors.get(spec.name);
    const shape = spec.transposed ? spec.shape.toReversed() : spec.shape;
    const need = `[${shape.join(', ')}]`;
    if (!info)
      throw new RangeError(`Cannot open the model: found no tensor "${spec.name}", need it with shape ${need}`);
    const found = `[${info.shape.join(', ')}]`;
    if (found !== need)
      throw new TypeError(`Cannot open tensor "${spec.name}": found shape ${found}, need ${need} by config.json`);
    const isMatrix = (spec.kind === 'linear' || spec.kind === 'embedding') && !spec.transposed;
    const isQuantised = info.dtype === 'I8' && isMatrix;
    if (!FLOATS.includes(info.dtype) && !isQuantised) {
      throw new TypeError(`Cannot open tensor "${spec.name}": found ${info.dtype}, need ${FLOATS.join(', ')}`);
    }
    ignored.delete(spec.name);
    if (isQuantised) ignored.delete(weightSource(tensors, spec.name).scale!.name); // throws without fitting scales
  }
  const names = [...ignored].filter((name) => !KNOWN_BUFFERS.test(name));
  if (names.length === 0) return [];
  const some = names
    .slice(0, 3)
    .map((name) => `"${name}"`)
    .join(', ');
  return [`${names.length} tensors of the files are not used: ${some}${names.length > 3 ? ' and others' : ''}`];
}

async function readTokenizer(
  files: readonly ModelFile[],
  tokenizerFile: ModelFile,
  config: ModelConfig,
): Promise<Tokenizer> {
  const json = async (name: string) => {
    const file = findFile(files, name);
    return file && (await readJsonObject(file));
  };
  const templateFile = findFile(files, 'chat_template.jinja');
  const tokenizer = openTokenizer({
    tokenizer: await readJsonObject(tokenizerFile),
    config: await json('tokenizer_config.json'),
    specialTokens: await json('special_tokens_map.json'),
    chatTemplate: templateFile && (await readText(templateFile)),
    eos: config.eos,
  });
  if (tokenizer.vocabSize <= config.vocab) return tokenizer;
  throw new RangeError(
    `Cannot open "${tokenizerFile.name}": found token ids up to ${tokenizer.vocabSize - 1}, need ids below the model's ${config.vocab}`,
  );
}

/** The front matter is YAML between two lines of "---"; one key of it is wanted. */
async function readLicence(files: readonly ModelFile[]): Promise<string | undefined> {
  const card = findFile(files, 'README.md');
  if (!card || card.size > MAX_CARD_BYTES) return undefined;
  const text = new TextDecoder().decode(await card.read(0, card.size));
  const front = /^\ufeff?---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1];
  const field = (key: string) =>
    new RegExp(`^${key}:[ \\t]*["']?([^"'\\r\\n#]+?)["']?[ \\t]*\\r?$`, 'm').exec(front ?? '')?.[1];
  const licence = field('license');
  return licence === 'other' ? (field('license_name') ?? licence) : licence;
}
