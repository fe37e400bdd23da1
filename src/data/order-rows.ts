// The order in which an epoch visits the rows: a pure function of seed and epoch. Where a run stands is (epoch, index),
// two numbers; a resumed run asks for the same order and goes on at the index.
import { createRandom, shuffle } from './random.ts';

export interface OrderOptions {
  readonly shuffle: boolean;
  readonly seed: number;
  /** From 0. */
  readonly epoch: number;
}

/** A permutation of 0 … count-1. */
export function orderRows(count: number, options: OrderOptions): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  return options.shuffle ? shuffle(order, createRandom(options.seed, ORDER_STREAM, options.epoch)) : order;
}

/** Tells this use of a seed apart from the validation split's. */
const ORDER_STREAM = 1;
