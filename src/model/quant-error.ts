// What quantising changes: each matrix of a model in the scheme chosen against the numbers in its files. Streams like
// prepare-weights.ts, twice where scales depend on all rows.

import { doubleQuantize, expandScales } from './nf4.ts';
import { quantizePieces, type WeightPlace } from './prepare-weights.ts';
import { dequantize, type QuantRows, readQuantRows, weightSource } from './quantize.ts';
import { readRows, readTransposedRows } from './read-tensor.ts';
import type { TensorInfo } from './safetensors.ts';

export interface QuantError {
  readonly name: string;
  readonly storage: WeightPlace['storage'];
  readonly shape: readonly [number, number];
  /** ‖w' - w‖ / ‖w‖ */
  readonly relative: number;
  /** max |w' - w| */
  readonly largest: number;
  /** Of codes and scales. */
  readonly bytes: number;
}

/** Of one matrix. `place.columns` above 1: norms and biases stay as they are. */
export async function quantError(tensors: ReadonlyMap<string, TensorInfo>, place: WeightPlace): Promise<QuantError> {
  const { name, storage, rows, columns } = place;
  const info = tensors.get(name)!;
  const transposed = place.transposed && !info.asUsed;
  const scales = storage === 'nf4-dq' ? await doubledScales(tensors, place) : undefined;
  let [difference, norm, largest] = [0, 0, 0];
  for await (const { rowBegin, rowEnd, quant } of quantizePieces(tensors, place)) {
    const values = dequantize(withScales(quant, scales, rowBegin, rowEnd));
    const source = await (transposed
      ? readTransposedRows(info, rowBegin, rowEnd)
      : sourceRows(tensors, info, rowBegin, rowEnd));
    for (let i = 0; i < values.length; i++) {
      const off = values[i]! - source[i]!;
      difference += off * off;
      norm += source[i]! * source[i]!;
      largest = Math.max(largest, Math.abs(off));
    }
  }
  const relative = norm === 0 ? 0 : Math.sqrt(difference / norm);
  return { name, storage, shape: [rows, columns], relative, largest, bytes: place.codeBytes + place.scaleBytes };
}

/** Graft's own q8 files are codes and scales: their numbers are what these stand for. */
async function sourceRows(tensors: ReadonlyMap<string, TensorInfo>, info: TensorInfo, begin: number, end: number) {
  if (info.dtype !== 'I8') return readRows(info, begin, end);
  return dequantize(await readQuantRows(weightSource(tensors, info.name), begin, end, 'q8'));
}

async function doubledScales(tensors: ReadonlyMap<string, TensorInfo>, place: WeightPlace): Promise<Float32Array> {
  const stored = await tensors.get(place.name)!.nf4?.double?.();
  if (stored) return expandScales(stored);
  const all = new Float32Array(place.rows * Math.ceil(place.columns / 64));
  for await (const { rowBegin, quant } of quantizePieces(tensors, place))
    if (quant.scheme === 'nf4') all.set(quant.scales, rowBegin * Math.ceil(place.columns / 64));
  return expandScales(doubleQuantize(all));
}

function withScales(quant: QuantRows, scales: Float32Array | undefined, begin: number, end: number): QuantRows {
  if (quant.scheme !== 'nf4' || scales === undefined) return quant;
  const perRow = Math.ceil(quant.columns / 64);
  return { ...quant, scales: scales.subarray(begin * perRow, end * perRow) };
}
