// A matrix as the device multiplies with it: read, stored in its scheme, widened again. What is merged or measured on the host
// starts from these numbers, so that it belongs to the model that was trained on.

import { doubleQuantize, expandScales } from './nf4.ts';
import { quantizePieces, type WeightPlace } from './prepare-weights.ts';
import { dequantize } from './quantize.ts';
import type { TensorInfo } from './safetensors.ts';

/** Rows as f32, piece by piece, in the orientation of the forward pass. nf4-dq reads the matrix twice. */
export async function* storedRows(
  tensors: ReadonlyMap<string, TensorInfo>,
  place: WeightPlace,
): AsyncGenerator<{ readonly rowBegin: number; readonly values: Float32Array }> {
  const doubled = place.storage === 'nf4-dq' ? await doubledScales(tensors, place) : undefined;
  for await (const { rowBegin, rowEnd, quant } of quantizePieces(tensors, place)) {
    if (doubled === undefined || quant.scheme !== 'nf4') yield { rowBegin, values: dequantize(quant) };
    else {
      const perRow = quant.scales.length / (rowEnd - rowBegin);
      const scales = doubled.subarray(rowBegin * perRow, rowEnd * perRow);
      yield { rowBegin, values: dequantize({ ...quant, scales }) };
    }
  }
}

/** The scales of the whole matrix after they were quantised themselves: their mean is that of all of them. */
async function doubledScales(tensors: ReadonlyMap<string, TensorInfo>, place: WeightPlace): Promise<Float32Array> {
  const stored = await tensors.get(place.name)?.nf4?.double?.();
  if (stored) return expandScales(stored);
  const scales: number[] = [];
  for await (const { quant } of quantizePieces(tensors, place))
    if (quant.scheme === 'nf4') for (const scale of quant.scales) scales.push(scale);
  return expandScales(doubleQuantize(Float32Array.from(scales)));
}
