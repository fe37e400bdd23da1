// A dropped or bundled folder, or one .gguf file → an opened model: its settings, where each tensor lies, its tokenizer
// and its licence. Everything is checked before a byte of weights is read, so that a wrong folder fails in a second and says why.

import { joinNf4 } from './bitsandbytes.ts';
import { type ModelConfig, parseConfig } from './config.ts';
import { FAMILIES } from './families/by-model-type.ts';
import type { GgufValue } from './gguf/read-header.ts';
import { baseName, findFile, type ModelFile, readJsonObject, readText } from './model-file.ts';
import { modelParts } from './model-parts.ts';
import { readModelTensors } from './model-tensors.ts';
import type { WeightSpec } from './prepare-weights.ts';
import { weightSource } from './quantize.ts';
import { isReadable, READABLE } from './read-tensor.ts';
import type { TensorInfo } from './safetensors.ts';
import { openTokenizer, type Tokenizer, type TokenizerFiles } from './tokenizer.ts';

export interface ModelFolder {
  /** Of the folder, or as the caller named it. */
  readonly name: string;
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Reads and builds the tokenizer on the first call; undefined when the folder has none. */
  readonly loadTokenizer: (() => Promise<Tokenizer>) | undefined;
  /** `license` of README.md's front matter ("apache-2.0"). */
  readonly licence: string | undefined;
  /** `__metadata__` of the weight files; "graft.quant" marks weights that are quantised already. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
  /** config.json and generation_config.json as in the files (for a .gguf file: translated to Hugging Face's fields). */
  readonly settings: { readonly config: Json; readonly generation: Json | undefined };
  /** What the tokenizer is made of; undefined when the folder has none. */
  readonly readTokenizerFiles: (() => Promise<TokenizerFiles>) | undefined;
  /** What it was opened from. */
  readonly files: readonly ModelFile[];
  /** The named values of a .gguf file. */
  readonly gguf: ReadonlyMap<string, GgufValue> | undefined;
}

/** Buffers that old checkpoints carry and no forward pass reads. */
const KNOWN_BUFFERS = /\.rotary_emb\.inv_freq$|\.(attn|attention)\.(masked_)?bias$/;
/** The front matter is at the top; model cards can be long. */
const MAX_CARD_BYTES = 1_000_000;

type Json = Readonly<Record<string, unknown>>;

/** What a model's files say, whatever their format. */
interface Source {
  readonly name: string;
  /** The file that has the settings. */
  readonly settingsName: string;
  readonly config: Json;
  readonly generation: Json | undefined;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly tokenizer: { readonly fileName: string; read(): Promise<TokenizerFiles> } | undefined;
  readonly licence: string | undefined;
  readonly gguf?: ReadonlyMap<string, GgufValue>;
}

/** Throws an Error that names the file, field or tensor that is missing or wrong. */
export async function openModelFolder(files: readonly ModelFile[], name?: string): Promise<ModelFolder> {
  const ggufFile = findGguf(files);
  const source = ggufFile ? await readGguf(ggufFile) : await readFolder(files);
  const config = readConfig(source);
  const { metadata, licence } = source;
  const specs = modelParts(config).tensors;
  const tensors = withPrefix(source.tensors, FAMILIES.get(config.family)!.prefix, specs);
  const warnings = checkTensors(specs, tensors);
  let tokenizer: Promise<Tokenizer> | undefined;
  const loadTokenizer = source.tokenizer && (() => (tokenizer ??= readTokenizer(source.tokenizer!, config)));
  return {
    name: name ?? source.name,
    config,
    tensors,
    loadTokenizer,
    licence,
    metadata,
    warnings,
    settings: { config: source.config, generation: source.generation },
    readTokenizerFiles: source.tokenizer?.read,
    files,
    gguf: source.gguf,
  };
}

/** The one .gguf file of a folder that has no weights in another format. */
function findGguf(files: readonly ModelFile[]): ModelFile | undefined {
  const ggufs = files.filter((file) => /\.gguf$/i.test(file.name));
  if (ggufs.length === 0 || files.some((file) => /\.safetensors$/i.test(file.name))) return undefined;
  if (ggufs.length === 1) return ggufs[0];
  const names = ggufs.map((file) => `"${baseName(file.name)}"`).join(', ');
  throw new RangeError(`Cannot open the model: found ${ggufs.length} .gguf files (${names}), need one`);
}

async function readGguf(file: ModelFile): Promise<Source> {
  const { openGguf } = await import('./gguf/open-gguf.ts');
  const { tokenizer, values, ...model } = await openGguf(file);
  return {
    ...model,
    gguf: values,
    settingsName: file.name,
    generation: undefined,
    metadata: new Map([['format', 'gguf']]),
    tokenizer: tokenizer && { fileName: file.name, read: async () => tokenizer() },
  };
}

async function readFolder(files: readonly ModelFile[]): Promise<Source> {
  const configFile = findFile(files, 'config.json');
  if (!configFile)
    throw new RangeError(
      'Cannot open the model: found no "config.json", need a Hugging Face model folder or one .gguf file',
    );
  const generationFile = findFile(files, 'generation_config.json');
  const tokenizerFile = findFile(files, 'tokenizer.json') ?? findFile(files, 'vocab.json');
  const { tensors, metadata } = await readModelTensors(files);
  return {
    name: configFile.name.split('/').at(-2) ?? 'model',
    settingsName: 'config.json',
    config: await readJsonObject(configFile),
    generation: generationFile && (await readJsonObject(generationFile)),
    tensors: await joinNf4(tensors),
    metadata,
    tokenizer: tokenizerFile && { fileName: tokenizerFile.name, read: () => readTokenizerFiles(files) },
    licence: await readLicence(files),
  };
}

/** parseConfig's errors name config.json, which a .gguf file does not have. */
function readConfig({ config, generation, settingsName }: Source): ModelConfig {
  try {
    return parseConfig(config, generation);
  } catch (error) {
    if (settingsName === 'config.json' || !(error instanceof RangeError)) throw error;
    throw new RangeError(error.message.replace('"config.json"', `"${settingsName}"`));
  }
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
    const transposed = spec.transposed && !info?.asUsed;
    const shape = transposed ? spec.shape.toReversed() : spec.shape;
    const need = `[${shape.join(', ')}]`;
    if (!info)
      throw new RangeError(`Cannot open the model: found no tensor "${spec.name}", need it with shape ${need}`);
    const found = `[${info.shape.join(', ')}]`;
    if (found !== need)
      throw new TypeError(
        `Cannot open tensor "${spec.name}": found shape ${found}, need ${need} by the model's settings`,
      );
    const isMatrix = (spec.kind === 'linear' || spec.kind === 'embedding') && !transposed;
    const isQuantised = info.dtype === 'I8' && isMatrix;
    if ((!isReadable(info.dtype) && !isQuantised) || (info.dtype === 'NF4' && !isMatrix)) {
      throw new TypeError(`Cannot open tensor "${spec.name}": found ${info.dtype}, need ${READABLE}`);
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

/** tokenizer.json, or vocab.json with merges.txt; and what stands beside them. */
async function readTokenizerFiles(files: readonly ModelFile[]): Promise<TokenizerFiles> {
  const json = async (name: string) => {
    const part = findFile(files, name);
    return part && (await readJsonObject(part));
  };
  const text = async (name: string) => {
    const part = findFile(files, name);
    return part && (await readText(part));
  };
  const [config, specialTokens] = [await json('tokenizer_config.json'), await json('special_tokens_map.json')];
  const chatTemplate = await text('chat_template.jinja');
  const whole = await json('tokenizer.json');
  if (whole) return { tokenizer: whole, config, specialTokens, chatTemplate };
  const [vocab, merges] = [await json('vocab.json'), await text('merges.txt')];
  if (!vocab || merges === undefined)
    throw new RangeError(
      'Cannot open the tokenizer: found vocab.json alone, need tokenizer.json, or merges.txt beside it',
    );
  const { tokenizerFromVocab } = await import('./vocab-and-merges.ts');
  return {
    tokenizer: tokenizerFromVocab({ vocab, merges, config, specialTokens }),
    config,
    specialTokens,
    chatTemplate,
  };
}

async function readTokenizer(source: NonNullable<Source['tokenizer']>, config: ModelConfig): Promise<Tokenizer> {
  const tokenizer = openTokenizer({ ...(await source.read()), eos: config.eos });
  if (tokenizer.vocabSize <= config.vocab) return tokenizer;
  throw new RangeError(
    `Cannot open "${source.fileName}": found token ids up to ${tokenizer.vocabSize - 1}, need ids below the model's ${config.vocab}`,
  );
}

/** The front matter is YAML between two lines of "---"; only one key of it is needed. */
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
