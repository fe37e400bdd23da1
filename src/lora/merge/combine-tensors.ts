// Several tensors of one shape → one: what add_weighted_adapter does to the A's, the B's or the deltas of a linear
// (huggingface/peft, utils/merge_utils.py). Prune each, weigh, and add; TIES adds per element only those that agree with the
// majority's sign and divides by their number (Yadav et al. 2023); DARE prunes at random and divides by the
// share that is kept (Yu et al. 2023).

import { fnv1a } from '../init-adapter.ts';
import { philox4x32 } from '../philox.ts';

export type SignMajority = 'total' | 'frequency';

export interface Combination {
  /** How each tensor is pruned before it is weighed. */
  readonly prune: 'none' | 'magnitude' | 'random';
  /** Add only what has the majority's sign, and divide by how many that are. */
  readonly electsSign: boolean;
  /** Share of elements that pruning keeps, 0 … 1. */
  readonly density: number;
  /** total: sign of the sum; frequency: sign of the count of signs. */
  readonly majority: SignMajority;
  /** Of random pruning. */
  readonly seed: number;
}

/** `name` keys random pruning, so that every tensor has its own mask. Tensors are not changed. */
export function combineTensors(
  tensors: readonly Float32Array[],
  weights: readonly number[],
  how: Combination,
  name: string,
): Float32Array<ArrayBuffer> {
  const pruned = tensors.map((tensor, i) => pruneTensor(tensor, how, `${name}.${i}`));
  const out = new Float32Array(pruned[0]!.length);
  for (let at = 0; at < out.length; at++)
    out[at] = how.electsSign ? agreeing(pruned, weights, at, how.majority) : weighted(pruned, weights, at);
  return out;
}

function weighted(tensors: readonly Float32Array[], weights: readonly number[], at: number): number {
  let sum = 0;
  for (let i = 0; i < tensors.length; i++) sum += weights[i]! * tensors[i]![at]!;
  return sum;
}

/** Signs are elected among the unweighted values; a value of 0 agrees with nobody. */
function agreeing(tensors: readonly Float32Array[], weights: readonly number[], at: number, by: SignMajority): number {
  let vote = 0;
  for (const tensor of tensors) vote += by === 'total' ? tensor[at]! : Math.sign(tensor[at]!);
  const sign = vote >= 0 ? 1 : -1;
  let sum = 0;
  let kept = 0;
  for (let i = 0; i < tensors.length; i++) {
    const value = tensors[i]![at]!;
    if (Math.sign(value) !== sign) continue;
    sum += weights[i]! * value;
    kept++;
  }
  return sum / Math.max(1, kept);
}

function pruneTensor(
  tensor: Float32Array,
  { prune, density, seed }: Pick<Combination, 'prune' | 'density' | 'seed'>,
  name: string,
): Float32Array {
  if (prune === 'none' || density >= 1) return tensor;
  return prune === 'magnitude' ? keepLargest(tensor, density) : keepRandom(tensor, density, [seed >>> 0, fnv1a(name)]);
}

/** The ⌊density·n⌋ elements of largest magnitude; of equal ones the first. */
function keepLargest(tensor: Float32Array, density: number): Float32Array {
  const keep = Math.trunc(density * tensor.length);
  const out = new Float32Array(tensor.length);
  if (keep === 0) return out;
  const magnitudes = tensor.map(Math.abs).sort();
  const limit = magnitudes[tensor.length - keep]!;
  let above = 0;
  for (const value of tensor) if (Math.abs(value) > limit) above++;
  let atLimit = keep - above;
  for (let i = 0; i < tensor.length; i++) {
    const magnitude = Math.abs(tensor[i]!);
    if (magnitude > limit || (magnitude === limit && atLimit-- > 0)) out[i] = tensor[i]!;
  }
  return out;
}

/** Each element with probability `density`, divided by it, so that the mean stays. */
function keepRandom(tensor: Float32Array, density: number, key: readonly [number, number]): Float32Array {
  const out = new Float32Array(tensor.length);
  const limit = density * 2 ** 32;
  for (let i = 0; i < tensor.length; i += 4) {
    const words = philox4x32([i / 4, 0, 0, 0], key);
    for (let k = 0; k < 4 && i + k < tensor.length; k++) if (words[k]! < limit) out[i + k] = tensor[i + k]! / density;
  }
  return out;
}
