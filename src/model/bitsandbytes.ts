// Checkpoints that bitsandbytes has quantised to NF4 (the "-bnb-4bit" models of the Hub): a matrix is `X.weight` as bytes of
// two codes, with its scales, tables and shape in tensors beside it. Here they become one tensor of type NF4, which is kept as it
// is when nf4 is asked for. fp4, and blocks of another size, are refused by name.

import { NF4, NF4_BLOCK } from '../gpu/nf4.ts';
import { isObject } from './model-file.ts';
import type { DoubleScales } from './nf4.ts';
import { expandScales } from './nf4.ts';
import { readRowBytes, readTensor } from './read-tensor.ts';
import type { Nf4Source, TensorInfo } from './safetensors.ts';

const STATE = /^(.*)\.quant_state\.bitsandbytes__(\w+)$/;
/** A state is a small JSON object; this stops a mistaken one from being read. */
const MAX_STATE_BYTES = 65_536;
const NESTED_BLOCK = 256;

type Json = Readonly<Record<string, unknown>>;

/** True for a `quantization_config` whose checkpoint can be read. */
export function isReadableQuantization(config: unknown): boolean {
  return isObject(config) && config.quant_method === 'bitsandbytes' && config.load_in_4bit === true;
}

/** The tensors of a checkpoint with each NF4 matrix in one piece. Throws a sentence that names a matrix that does not fit. */
export async function joinNf4(tensors: ReadonlyMap<string, TensorInfo>): Promise<Map<string, TensorInfo>> {
  const out = new Map(tensors);
  for (const [name, state] of tensors) {
    const [, weight, type] = STATE.exec(name) ?? [];
    if (weight === undefined) continue;
    if (type !== 'nf4') throw bad(weight, `${type} by bitsandbytes`, 'nf4');
    out.delete(name);
    const { info, parts } = await joinMatrix(tensors, weight, await readState(state, weight));
    for (const part of parts) out.delete(part.name);
    out.set(weight, info);
  }
  return out;
}

async function readState(info: TensorInfo, weight: string): Promise<Json> {
  if (info.dtype !== 'U8' || info.end - info.begin > MAX_STATE_BYTES)
    throw bad(weight, `a quant_state of ${info.end - info.begin} bytes of ${info.dtype}`, 'JSON as U8');
  try {
    const text = new TextDecoder().decode(await info.file.read(info.begin, info.end - info.begin));
    const state: unknown = JSON.parse(text);
    if (isObject(state)) return state;
  } catch {}
  throw bad(weight, 'a quant_state that is no JSON object', 'one');
}

async function joinMatrix(tensors: ReadonlyMap<string, TensorInfo>, weight: string, state: Json) {
  const { shape, blocksize, quant_type: type } = state;
  if (type !== 'nf4') throw bad(weight, `the quant_type ${JSON.stringify(type)}`, '"nf4"');
  if (blocksize !== NF4_BLOCK) throw bad(weight, `blocks of ${JSON.stringify(blocksize)}`, `blocks of ${NF4_BLOCK}`);
  const [rows, columns] = isShape(shape) ? shape : [0, 0];
  if (rows === 0 || columns % NF4_BLOCK !== 0)
    throw bad(weight, `the shape ${JSON.stringify(shape)}`, `a matrix with rows of a multiple of ${NF4_BLOCK}`);
  const need = (suffix: string, dtype: string, length: number) => {
    const part = tensors.get(`${weight}${suffix}`);
    const size = part?.shape.reduce((a, b) => a * b, 1);
    if (part?.dtype === dtype && size === length) return part;
    const found = part ? `${part.dtype} [${part.shape.join(', ')}]` : 'none';
    throw bad(`${weight}${suffix}`, found, `${dtype} [${length}]`);
  };
  const blocks = (rows * columns) / NF4_BLOCK;
  const codes = need('', 'U8', (rows * columns) / 2);
  const map = need('.quant_map', 'F32', NF4.length);
  const table = await readTensor(map);
  if (table.some((value, i) => Math.abs(value - NF4[i]!) > 1e-6))
    throw bad(weight, 'another table of codes', 'that of NF4');
  const isNested = tensors.has(`${weight}.nested_absmax`);
  const scales = need('.absmax', isNested ? 'U8' : 'F32', blocks);
  const parts = [map, scales];
  let nf4: Nf4Source;
  if (isNested) {
    const { nested_blocksize: size, nested_offset: offset } = state;
    if (size !== NESTED_BLOCK || typeof offset !== 'number' || !Number.isFinite(offset))
      throw bad(
        weight,
        `nested blocks of ${JSON.stringify(size)} with offset ${JSON.stringify(offset)}`,
        `blocks of ${NESTED_BLOCK}`,
      );
    const nested = need('.nested_absmax', 'F32', Math.ceil(blocks / NESTED_BLOCK));
    const nestedMap = need('.nested_quant_map', 'F32', 256);
    parts.push(nested, nestedMap);
    nf4 = nestedScales({ scales, nested, nestedMap, offset: Math.fround(offset), perRow: columns / NF4_BLOCK });
  } else nf4 = plainScales(scales, columns / NF4_BLOCK);
  const info: TensorInfo = { ...codes, dtype: 'NF4', shape: [rows, columns], nf4 };
  return { info, parts };
}

function plainScales(scales: TensorInfo, perRow: number): Nf4Source {
  const flat = { ...scales, shape: [(scales.end - scales.begin) / (4 * perRow), perRow] };
  return {
    parts: [scales],
    double: undefined,
    scales: async (rowBegin, rowEnd) => {
      const bytes = await readRowBytes(flat, rowBegin, rowEnd);
      return new Float32Array(bytes.slice().buffer);
    },
  };
}

interface NestedParts {
  readonly scales: TensorInfo;
  readonly nested: TensorInfo;
  readonly nestedMap: TensorInfo;
  readonly offset: number;
  readonly perRow: number;
}

/** A byte a scale: a matrix of a billion numbers has 16 MB of them, so they are read whole, and kept while rows are asked for. */
function nestedScales({ scales, nested, nestedMap, offset, perRow }: NestedParts): Nf4Source {
  let last: WeakRef<DoubleScales> | undefined;
  const double = async () => {
    const kept = last?.deref();
    if (kept) return kept;
    const read: DoubleScales = {
      table: await readTensor(nestedMap),
      offset,
      nested: await readTensor(nested),
      codes: await scales.file.read(scales.begin, scales.end - scales.begin),
    };
    last = new WeakRef(read);
    return read;
  };
  return {
    parts: [scales, nested, nestedMap],
    double,
    scales: async (rowBegin, rowEnd) => expandScales(await double(), rowBegin * perRow, rowEnd * perRow),
  };
}

function isShape(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((n) => Number.isSafeInteger(n) && n > 0);
}

function bad(name: string, found: string, need: string): TypeError {
  return new TypeError(`Cannot open tensor "${name}": found ${found}, need ${need}`);
}
