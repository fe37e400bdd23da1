// Model files → pieces of prepared weights, in the layout that the device holds (gpu/weight.ts). Streamed: one piece of at
// most CHUNK_BYTES lives at a time, so a 2 GB model needs a few chunks of host memory. The same pieces in the same order
// make up the cached file, so a cached model is read with the same loop.

import { type Storage, slabName, slabRows } from '../gpu/weight.ts';
import { doubleQuantize, packScales } from './nf4.ts';
import {
  checkFinite,
  type QuantRows,
  quantBytes,
  quantizeRows,
  readQuantRows,
  rowsPerChunk,
  weightSource,
} from './quantize.ts';
import { readTensor, readTransposedRows } from './read-tensor.ts';
import type { TensorInfo } from './safetensors.ts';

/** One tensor of the model, as a family lists it. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: 'linear' | 'embedding' | 'norm' | 'bias';
  /** A matrix that the file stores transposed. */
  readonly transposed?: boolean;
  /** Added to every number: Gemma's norms store w - 1. */
  readonly offset?: number;
  /** The first of the matrices, or biases, of linears that read the same x: they lie side by side where they can. */
  readonly beside?: string | undefined;
}

/** Which scheme the linears of the blocks get, and which the embedding and the head. Norms and biases stay f32. */
export interface QuantChoice {
  readonly linears: Storage;
  readonly embeddings: Storage;
}

export interface WeightPlace {
  readonly name: string;
  readonly storage: Storage;
  readonly rows: number;
  readonly columns: number;
  readonly codeBytes: number;
  readonly scaleBytes: number;
  readonly transposed: boolean;
  readonly offset: number;
  readonly beside: string | undefined;
}

/** A run of bytes of one device buffer. `buffer` is the tensor's name, or `<name>.scale`. */
export interface Piece {
  readonly buffer: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Pieces of a transposed matrix that one read serves (64 MB): enough for the largest GPT-2, so the file is read once. */
const TRANSPOSED_PIECES = 8;

export function placeWeight(spec: WeightSpec, quant: QuantChoice): WeightPlace {
  const [rows = 1, columns = 1] = spec.shape;
  const storage = spec.shape.length < 2 ? 'f32' : spec.kind === 'embedding' ? quant.embeddings : quant.linears;
  const bytes = quantBytes(storage, rows, columns);
  const [codeBytes, scaleBytes] = [bytes.codes + bytes.values, bytes.scales];
  const { name, transposed = false, offset = 0, beside } = spec;
  return { name, storage, rows, columns, codeBytes, scaleBytes, transposed, offset, beside };
}

/** Where the pieces of a tensor begin and end; the same for a fresh and for a cached model. */
export function pieceRanges(place: WeightPlace): { readonly rowBegin: number; readonly rowEnd: number }[] {
  const step = place.columns === 1 ? place.rows : rowsPerChunk(place.columns);
  const ranges = [];
  for (let rowBegin = 0; rowBegin < place.rows; rowBegin += step)
    ranges.push({ rowBegin, rowEnd: Math.min(place.rows, rowBegin + step) });
  return ranges;
}

/** Bytes [begin, end) of the tensor's two buffers that belong to rows [rowBegin, rowEnd). */
export function pieceBytes(place: WeightPlace, rowBegin: number, rowEnd: number) {
  const codesPerRow = place.codeBytes / place.rows;
  const codes = [rowBegin * codesPerRow, rowEnd * codesPerRow] as const;
  // Known when all rows are, and then given at once.
  if (place.storage === 'nf4-dq') return { codes, scales: [0, rowEnd === place.rows ? place.scaleBytes : 0] as const };
  const groups = scaleBytesOfRow(place);
  return {
    codes,
    // rowBegin is even, so f16 pairs never straddle two pieces; the last piece is padded to a word.
    scales: [rowBegin * groups, Math.ceil((rowEnd * groups) / 4) * 4] as const,
  };
}

/** A run of a tensor's rows with buffers of its own on the device: all rows where one binding can hold them. */
export interface PlaceSlab {
  /** Of its codes; `<name>.scale` has its scales. */
  readonly name: string;
  readonly first: number;
  readonly codeBytes: number;
  readonly scaleBytes: number;
}

export function placeSlabs(place: WeightPlace, limitBytes: number): PlaceSlab[] {
  const { name, storage, rows, columns } = place;
  const step = slabRows(storage, rows, columns, limitBytes);
  if (step === rows) return [{ name, first: 0, codeBytes: place.codeBytes, scaleBytes: place.scaleBytes }];
  const slabs: PlaceSlab[] = [];
  for (let first = 0; first < rows; first += step) {
    const bytes = quantBytes(storage, Math.min(step, rows - first), columns);
    slabs.push({
      name: slabName(name, first, false),
      first,
      codeBytes: bytes.codes + bytes.values,
      scaleBytes: bytes.scales,
    });
  }
  return slabs;
}

/** Bytes [begin, end) of a tensor's codes, or of its scales in all storages but nf4-dq, that are those of a slab. */
export function slabBytes(place: WeightPlace, slab: PlaceSlab, of: 'codes' | 'scales'): readonly [number, number] {
  const begin = of === 'codes' ? (slab.first * place.codeBytes) / place.rows : slab.first * scaleBytesOfRow(place);
  return [begin, begin + (of === 'codes' ? slab.codeBytes : slab.scaleBytes)];
}

function scaleBytesOfRow({ storage, columns }: WeightPlace): number {
  if (storage === 'q8') return 2 * Math.ceil(columns / 32);
  if (storage === 'nf4') return 4 * Math.ceil(columns / 64);
  return storage === 'int8-row' ? 4 : 0;
}

/** Announces to the files in which order preparePieces will read them. */
export function announceReads(tensors: ReadonlyMap<string, TensorInfo>, places: Iterable<WeightPlace>): void {
  const ranges = new Map<TensorInfo['file'], TensorInfo[]>();
  for (const { name } of places)
    for (const info of [tensors.get(name), tensors.get(`${name}.scale`), ...(tensors.get(name)?.nf4?.parts ?? [])]) {
      if (info === undefined) continue;
      const list = ranges.get(info.file) ?? [];
      list.push(info);
      ranges.set(info.file, list);
    }
  for (const [file, list] of ranges) file.willRead?.(list);
}

/** Reads, quantises and yields the pieces of one tensor. Throws the error of the reader that finds something wrong. */
export async function* preparePieces(
  tensors: ReadonlyMap<string, TensorInfo>,
  place: WeightPlace,
): AsyncGenerator<Piece> {
  const { name, storage, columns } = place;
  const added = tensors.get(name)?.asUsed ? 0 : place.offset;
  if (columns === 1) {
    const values = await readTensor(tensors.get(name)!);
    checkFinite(name, values, 1);
    yield {
      buffer: name,
      offset: 0,
      bytes: bytesOf(added === 0 ? values : values.map((v) => v + added)),
    };
    return;
  }
  // Of all rows, for nf4-dq.
  const scales: Float32Array[] = [];
  for await (const { rowBegin, rowEnd, quant } of quantizePieces(tensors, place)) {
    const at = pieceBytes(place, rowBegin, rowEnd);
    yield { buffer: name, offset: at.codes[0], bytes: bytesOf(quant.scheme === 'f32' ? quant.values : quant.codes) };
    if (quant.scheme === 'f32' || quant.scheme === 'f16') continue;
    if (storage !== 'nf4-dq') yield { buffer: `${name}.scale`, offset: at.scales[0], bytes: bytesOf(quant.scales) };
    else if (quant.scheme === 'nf4') scales.push(quant.scales);
  }
  if (storage === 'nf4-dq') {
    const double = (await tensors.get(name)!.nf4?.double?.()) ?? doubleQuantize(joined(scales));
    yield { buffer: `${name}.scale`, offset: 0, bytes: bytesOf(packScales(double)) };
  }
}

/** Rows of a matrix as `place` stores them, piece by piece. */
export async function* quantizePieces(
  tensors: ReadonlyMap<string, TensorInfo>,
  place: WeightPlace,
): AsyncGenerator<{ readonly rowBegin: number; readonly rowEnd: number; readonly quant: QuantRows }> {
  const { name, storage, columns } = place;
  const source = weightSource(tensors, name);
  const transposed = place.transposed && !source.weight.asUsed;
  let block: { begin: number; end: number; values: Float32Array } = { begin: 0, end: 0, values: new Float32Array() };
  for (const { rowBegin, rowEnd } of pieceRanges(place)) {
    if (transposed && rowEnd > block.end) {
      const end = Math.min(place.rows, rowBegin + TRANSPOSED_PIECES * (rowEnd - rowBegin));
      block = { begin: rowBegin, end, values: await readTransposedRows(source.weight, rowBegin, end) };
    }
    const quant = transposed
      ? quantizeRows(name, rowsOf(block, rowBegin, rowEnd, columns), rowEnd - rowBegin, columns, storage, rowBegin)
      : await readQuantRows(source, rowBegin, rowEnd, storage);
    yield { rowBegin, rowEnd, quant };
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function rowsOf(block: { begin: number; values: Float32Array }, rowBegin: number, rowEnd: number, columns: number) {
  return block.values.subarray((rowBegin - block.begin) * columns, (rowEnd - block.begin) * columns);
}

function bytesOf(array: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
