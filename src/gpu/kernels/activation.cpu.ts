// Twins of activation, gated-activation and their backwards.

import type { Activation } from './activation.ts';

/** x → act(x). */
export function activationCpu(kind: Activation, x: ArrayLike<number>): Float64Array {
  return Float64Array.from(x, FUNCTIONS[kind]);
}

/** dx = dy·act'(x). */
export function activationBackwardCpu(kind: Activation, x: ArrayLike<number>, dy: ArrayLike<number>): Float64Array {
  return Float64Array.from(x, (v, i) => dy[i]! * SLOPES[kind](v));
}

const FUNCTIONS: Readonly<Record<Activation, (x: number) => number>> = {
  silu: (x) => x * sigmoid(x),
  relu: (x) => Math.max(x, 0),
  gelu: (x) => x * normal(x),
  'gelu-tanh': (x) => 0.5 * x * (1 + Math.tanh(tanhArgument(x))),
};

const SLOPES: Readonly<Record<Activation, (x: number) => number>> = {
  silu: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  relu: (x) => (x > 0 ? 1 : 0),
  gelu: (x) => normal(x) + x * density(x),
  'gelu-tanh': (x) => {
    const tanh = Math.tanh(tanhArgument(x));
    return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh ** 2) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2);
  },
};

function tanhArgument(x: number): number {
  return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function density(x: number): number {
  return Math.exp(-(x ** 2) / 2) / Math.sqrt(2 * Math.PI);
}

/** The normal distribution: a series that sums x^(2n+1)/(1·3·5…) near 0, a continued fraction far out. */
function normal(x: number): number {
  if (x > 0) return 1 - normal(-x);
  if (x > -5) {
    let sum = 0;
    for (let n = 0, term = x; Math.abs(term) > 1e-18; n++, term *= x ** 2 / (2 * n + 1)) sum += term;
    return 0.5 + density(x) * sum;
  }
  let fraction = 0;
  for (let n = 100; n > 0; n--) fraction = n / (-x + fraction);
  return density(x) / (-x + fraction);
}
