// A model as one GGUF file: settings, tokenizer, and every tensor under llama.cpp's name with its rows in llama.cpp's order.
// Before a byte of weights is written, the header is read again by open-gguf.ts and must give the same model back: what the
// format has no place for is refused, or said, by name.

import { type ModelConfig, parseConfig } from '../config.ts';
import { encodeRows, type RowType } from '../encode-rows.ts';
import type { ModelFile } from '../model-file.ts';
import { modelParts } from '../model-parts.ts';
import type { WeightSpec } from '../prepare-weights.ts';
import type { StreamedFile } from '../streamed-file.ts';
import { type Architecture, architectureOf, type RowOrder } from './architectures.ts';
import { BLOCK_TYPES } from './block-types.ts';
import { modelMetadata } from './model-metadata.ts';
import { openGguf } from './open-gguf.ts';
import { llama3Factors } from './rope-factors.ts';
import { type GgufMetadata, type GgufTensorStream, ggufHead, streamGguf, type TypedValue } from './write-gguf.ts';

export type GgufType = 'F32' | 'F16' | 'Q8_0';
/** general.file_type, llama.cpp's LLAMA_FTYPE. */
const FILE_TYPE = { F32: 0, F16: 1, Q8_0: 7 } as const;

/** A tensor of the model: rows as f32 in the orientation of the forward pass, numbers as Hugging Face's files have them. */
export interface ModelTensor {
  readonly spec: WeightSpec;
  rows(): AsyncIterable<{ readonly rowBegin: number; readonly values: Float32Array }>;
}

export interface GgufModelInput {
  readonly config: ModelConfig;
  readonly name: string;
  readonly licence: string | undefined;
  readonly tensors: readonly ModelTensor[];
  /** Values "tokenizer.…"; undefined: the file gets none. */
  readonly tokenizer: GgufMetadata | undefined;
}

/** Throws a RangeError that names the setting or tensor that llama.cpp has no place for. */
export async function ggufModel(
  input: GgufModelInput,
  type: GgufType,
  fileName: string,
): Promise<{ readonly file: StreamedFile; readonly notices: readonly string[] }> {
  const { config } = input;
  const found = architectureOf(config.family);
  if (found === undefined)
    throw new RangeError(`Cannot write the model as GGUF: found a "${config.family}", need a family of llama.cpp's`);
  const [name, architecture] = found;
  const metadata: GgufMetadata = {
    'general.architecture': text(name),
    'general.type': text('model'),
    'general.name': text(input.name),
    ...(input.licence !== undefined && { 'general.license': text(input.licence) }),
    ...modelMetadata(config, name),
    'general.file_type': { type: 'u32', value: FILE_TYPE[type] },
    'general.quantization_version': { type: 'u32', value: 2 },
    ...(input.tokenizer ?? { 'tokenizer.ggml.model': text('none') }),
  };
  const names = tensorNames(architecture);
  const orders =
    architecture.rowOrders?.({
      hidden_size: config.hidden,
      num_attention_heads: config.heads,
      head_dim: config.headDim,
    }) ?? {};
  const factors = config.ropes[0] && llama3Factors(config.ropes[0]);
  const tensors = [
    ...(factors ? [ropeFactors(factors)] : []),
    ...input.tensors.map((tensor) => {
      const place = names(tensor.spec.name);
      return stream(tensor, place.name, typeOf(tensor.spec, place.stem, type), orders[place.stem]);
    }),
  ];
  const notices = await readBack(metadata, tensors, config, factors);
  return { file: streamGguf(fileName, metadata, tensors), notices };
}

/** Vectors and learned positions stay F32, as llama.cpp wants them; rows that are no whole blocks become F16. */
function typeOf({ shape }: WeightSpec, stem: string, type: GgufType): GgufType {
  if (shape.length < 2 || stem === 'position_embd') return 'F32';
  return type === 'Q8_0' && shape[1]! % BLOCK_TYPES.Q8_0.elements !== 0 ? 'F16' : type;
}

function stream(
  { spec, rows }: ModelTensor,
  name: string,
  dtype: GgufType,
  order: RowOrder | undefined,
): GgufTensorStream {
  const columns = spec.shape[1] ?? 1;
  const offset = spec.offset ?? 0;
  const encode = (values: Float32Array) =>
    encodeRows(dtype as RowType, name, offset === 0 ? values : values.map((v) => v + offset), columns);
  async function* chunks() {
    for await (const { values } of rows()) yield encode(values);
  }
  /** Rows in another order: the whole tensor as it is stored, one at a time. */
  async function* ordered(rowOrder: RowOrder) {
    const [rowCount = 1] = spec.shape;
    let out: Uint8Array | undefined;
    for await (const { rowBegin, values } of rows()) {
      const bytes = encode(values);
      const count = values.length / columns;
      const rowBytes = bytes.length / count;
      out ??= new Uint8Array(rowCount * rowBytes);
      for (let i = 0; i < count; i++)
        out.set(bytes.subarray(i * rowBytes, (i + 1) * rowBytes), rowOrder(rowBegin + i) * rowBytes);
    }
    if (out) yield out;
  }
  return { name, dtype, shape: spec.shape, chunks: () => (order ? ordered(order) : chunks()) };
}

function ropeFactors(factors: Float32Array): GgufTensorStream {
  return {
    name: 'rope_freqs.weight',
    dtype: 'F32',
    shape: [factors.length],
    async *chunks() {
      yield new Uint8Array(factors.buffer);
    },
  };
}

/** From Hugging Face's tensor names back to llama.cpp's. */
function tensorNames({ blocks, inside, outside }: Architecture) {
  const [inner, outer] = [inside, outside].map(
    (names) => new Map(Object.entries(names).map(([stem, at]) => [at, stem])),
  );
  return (name: string): { readonly name: string; readonly stem: string } => {
    const [, path = '', kind = ''] = /^(.+)\.(weight|bias)$/.exec(name) ?? [];
    const [, block, rest = ''] = path.startsWith(`${blocks}.`)
      ? (/^(\d+)\.(.+)$/.exec(path.slice(blocks.length + 1)) ?? [])
      : [];
    const stem = block === undefined ? outer!.get(path) : inner!.get(rest);
    if (stem === undefined)
      throw new RangeError(`Cannot write the model as GGUF: found tensor "${name}", need those that llama.cpp has`);
    return { name: `${block === undefined ? '' : `blk.${block}.`}${stem}.${kind}`, stem };
  };
}

/** Reads the header as any reader would; throws when another model comes out. Returns what is lost and only matters at times. */
async function readBack(
  metadata: GgufMetadata,
  tensors: readonly GgufTensorStream[],
  config: ModelConfig,
  factors: Float32Array | undefined,
): Promise<string[]> {
  const { head, size } = ggufHead(metadata, tensors);
  const bytes = factors ? new Uint8Array([...head, ...new Uint8Array(factors.buffer)]) : head;
  const file: ModelFile = { name: 'model.gguf', size, read: async (at, length) => bytes.slice(at, at + length) };
  const opened = await openGguf(file);
  const back = parseConfig(opened.config);
  const { notices, lost } = compare(config, back);
  if (lost !== undefined)
    throw new RangeError(
      `Cannot write the model as GGUF: llama.cpp would take ${lost.key} ${JSON.stringify(lost.found)}, need ${JSON.stringify(lost.need)}`,
    );
  for (const spec of modelParts(config).tensors)
    if (opened.tensors.get(spec.name)?.shape.join() !== spec.shape.join())
      throw new RangeError(`Cannot write the model as GGUF: "${spec.name}" does not come back with its shape`);
  return notices;
}

/** Named otherwise by llama.cpp, or kept with the tokenizer. */
const OTHER_PLACES = new Set(['family', 'bos', 'eos', 'pad']);

function compare(config: ModelConfig, back: ModelConfig) {
  const notices: string[] = [];
  const [need, found] = [config, back].map((c) => c as unknown as Record<string, unknown>);
  for (const key of new Set([...Object.keys(need!), ...Object.keys(found!)])) {
    if (OTHER_PLACES.has(key) || isSame(need![key], found![key])) continue;
    if (key !== 'windows' || !isUnseen(found![key]))
      return { notices, lost: { key, need: need![key], found: found![key] } };
    const window = (need![key] as (number | undefined)[]).find((tokens) => tokens !== undefined);
    notices.push(
      `llama.cpp has no window for this model: rows longer than ${window} tokens see more than they did in training`,
    );
  }
  return { notices, lost: undefined };
}

/** No window at all. */
function isUnseen(windows: unknown): boolean {
  return windows === undefined || (Array.isArray(windows) && windows.every((window) => window === undefined));
}

/** Numbers went through f32; what is absent means false or none. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= 1e-6 * Math.abs(a);
  if (isUnseen(a) || a === false) return isUnseen(b) || b === false;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

function text(value: string): TypedValue {
  return { type: 'text', value };
}
