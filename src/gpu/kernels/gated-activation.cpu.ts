// Twin of gated-activation and gated-activation-backward.

import { activationBackwardCpu, activationCpu } from './activation.cpu.ts';
import type { Activation } from './activation.ts';

/** gate, up → y = act(gate)·up. */
export function gatedActivationCpu(kind: Activation, gate: ArrayLike<number>, up: ArrayLike<number>): Float64Array {
  return activationCpu(kind, gate).map((v, i) => v * up[i]!);
}

/** dgate = dy·up·act'(gate), dup = dy·act(gate). */
export function gatedActivationBackwardCpu(
  kind: Activation,
  gate: ArrayLike<number>,
  up: ArrayLike<number>,
  dy: ArrayLike<number>,
): { dgate: Float64Array; dup: Float64Array } {
  const dgate = activationBackwardCpu(kind, gate, dy).map((v, i) => v * up[i]!);
  const dup = activationCpu(kind, gate).map((v, i) => v * dy[i]!);
  return { dgate, dup };
}
