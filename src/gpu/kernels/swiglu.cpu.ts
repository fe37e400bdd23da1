// Twin of swiglu and swiglu-backward.

/** y = gate·σ(gate)·up. */
export function swigluCpu(gate: ArrayLike<number>, up: ArrayLike<number>): Float64Array {
  return Float64Array.from(gate, (x, i) => x * sigmoid(x) * up[i]!);
}

/** dgate = dy·up·σ·(1 + gate·(1 - σ)), dup = dy·gate·σ. */
export function swigluBackwardCpu(
  gate: ArrayLike<number>,
  up: ArrayLike<number>,
  dy: ArrayLike<number>,
): { dgate: Float64Array; dup: Float64Array } {
  const dgate = Float64Array.from(gate, (x, i) => dy[i]! * up[i]! * sigmoid(x) * (1 + x * (1 - sigmoid(x))));
  const dup = Float64Array.from(gate, (x, i) => dy[i]! * x * sigmoid(x));
  return { dgate, dup };
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
