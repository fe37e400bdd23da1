// In which scheme a base is kept when nobody has said: as its files have it where that is 4 bits already; else in 8 bits
// while that leaves room for a run; else in 4.

import { placeWeight, type QuantChoice, type WeightSpec } from './prepare-weights.ts';
import type { QuantScheme } from './quantize.ts';
import type { TensorInfo } from './safetensors.ts';

/** A scheme, or the one that fits this model and this machine. */
export type QuantAsk = QuantScheme | 'auto';

/**
 * Share of the machine's memory that a base may take. WebGPU does not say how much a GPU has: half of the machine's is what a
 * shared GPU gets, a card beside it has about as much, and a run needs as much again for activations as for weights.
 */
const SHARE = 1 / 4;
/** What most machines have, for where nobody can say. */
const USUAL_MEMORY = 8 * 2 ** 30;

/** One scheme for a whole model. In 4 bits, embedding and head keep 8, as in QLoRA they keep 16: every token passes them. */
export function quantOf(scheme: QuantScheme): QuantChoice {
  return { linears: scheme, embeddings: scheme === 'nf4' || scheme === 'nf4-dq' ? 'q8' : scheme };
}

export interface Room {
  readonly memoryBytes?: number | undefined;
}

/** The scheme for a model of these tensors. */
export function chooseQuant(
  specs: readonly WeightSpec[],
  tensors: ReadonlyMap<string, TensorInfo>,
  { memoryBytes = USUAL_MEMORY }: Room,
): QuantChoice {
  const stored = specs.find(({ name }) => tensors.get(name)?.nf4);
  if (stored) return quantOf(tensors.get(stored.name)!.nf4!.double ? 'nf4-dq' : 'nf4');
  return totalBytes(specs, quantOf('q8')) <= SHARE * memoryBytes ? quantOf('q8') : quantOf('nf4-dq');
}

function totalBytes(specs: readonly WeightSpec[], quant: QuantChoice): number {
  let total = 0;
  for (const spec of specs) {
    const { codeBytes, scaleBytes } = placeWeight(spec, quant);
    total += codeBytes + scaleBytes;
  }
  return total;
}
