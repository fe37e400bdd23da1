// One parameter of a model as numbers on the host, from its files: what an adapter that trains it in full begins with, and what
// adapters that begin with a base's principal components are made from. As the device has it, (out,in), in f32.

import { placeWeight, type QuantChoice, quantizePieces, type WeightSpec } from './prepare-weights.ts';
import { dequantize } from './quantize.ts';
import { readTensor } from './read-tensor.ts';
import type { TensorInfo } from './safetensors.ts';

/** Without what Gemma's norms add. `quant`: as a base that is kept so holds it. */
export async function readParameter(
  tensors: ReadonlyMap<string, TensorInfo>,
  spec: WeightSpec,
  quant: QuantChoice = { linears: 'f32', embeddings: 'f32' },
): Promise<Float32Array<ArrayBuffer>> {
  const place = placeWeight(spec, quant);
  if (spec.shape.length === 1) {
    const info = tensors.get(spec.name)!;
    const offset = info.asUsed ? place.offset : 0;
    return (await readTensor(info)).map((value) => value - offset);
  }
  const out = new Float32Array(place.rows * place.columns);
  for await (const { rowBegin, quant: piece } of quantizePieces(tensors, place))
    out.set(dequantize(piece), rowBegin * place.columns);
  return out;
}
