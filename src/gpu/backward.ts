// The gradient's ops, added to the same graph: every op with a gradient flowing into its results, last to first.
// A kernel's `backward` reads as its forward reversed: it asks the tape for dy and gives the tape dx.

import { elements, type Graph, type Value, wholeOf } from './graph.ts';
import { add } from './kernels/add.ts';
import { type Checkpointing, recomputer } from './recompute.ts';

/** What a kernel's backward sees. */
export interface Tape {
  readonly graph: Graph;
  /** Gradient of a result of this op. Throws when there is none: an op is visited only when all it needs is there. */
  gradient(value: Value): Value;
  /** Gradient of a result if any has arrived. */
  maybe(value: Value): Value | undefined;
  /**
   * Adds to the gradient of `value`, if it needs one. `emit` pushes the ops and returns the new gradient; it gets the
   * sum so far, `into`, to add to in place, or undefined for the first contribution (then it overwrites).
   */
  accumulate(value: Value, emit: (into: Value | undefined) => Value): void;
  /**
   * The gradient of `value` is `gradient` itself (residual connections): shared when it is the first, added otherwise.
   * Call it last in a backward, since later contributions are added to the same memory.
   */
  passThrough(value: Value, gradient: Value): void;
}

/**
 * Appends the gradient's ops. `seeds`: gradients that are there already (the loss kernel makes that of the hidden states).
 * With `checkpointing`, blocks are recomputed; all but the last one, whose activations are needed at once.
 * Returns the gradient of every value that has one; later ops may have overwritten it, unless the graph keeps it.
 */
export function differentiate(
  graph: Graph,
  seeds: ReadonlyMap<Value, Value>,
  checkpointing: Checkpointing = 'none',
): ReadonlyMap<Value, Value> {
  const { gradients, tape } = openTape(graph, seeds);
  const forward = graph.ops.slice();
  const lastBlock = forward.reduce((last, op) => Math.max(last, op.block ?? -1), -1);
  for (let i = forward.length - 1; i >= 0; i--) {
    const op = forward[i]!;
    const backward = graph.backwards[i];
    if (backward === undefined) continue;
    if (!op.writes.some((name) => gradients.has(wholeOf(op.bindings[name]!)))) continue;
    if (op.block !== graph.block) {
      graph.block = op.block;
      const isRecomputed = checkpointing !== 'none' && op.block !== undefined && op.block < lastBlock;
      graph.substitute = isRecomputed ? recomputer(graph, forward, op.block!, checkpointing) : undefined;
    }
    backward(tape);
  }
  graph.block = undefined;
  graph.substitute = undefined;
  return gradients;
}

/**
 * Appends the gradient's ops of the ops pushed since there were `first` of them, and returns the gradient of `wanted`: a part
 * of the graph whose forward and backward pass lie side by side. The part takes no other part in `differentiate`.
 */
export function backpropagate(graph: Graph, first: number, seeds: ReadonlyMap<Value, Value>, wanted: Value): Value {
  const { tape } = openTape(graph, seeds);
  const last = graph.backwards.length;
  for (let i = last - 1; i >= first; i--) {
    const backward = graph.backwards[i];
    if (backward === undefined) continue;
    const { writes, bindings } = graph.ops[i]!;
    if (writes.some((name) => tape.maybe(wholeOf(bindings[name]!)) !== undefined)) backward(tape);
    graph.backwards[i] = undefined;
  }
  return tape.gradient(wanted);
}

/** The gradients so far, and what a kernel's backward sees of them. */
function openTape(graph: Graph, seeds: ReadonlyMap<Value, Value>) {
  const gradients = new Map<Value, Value>(seeds);
  const tape: Tape = {
    graph,
    maybe: (value) => gradients.get(value),
    gradient: (value) => {
      const d = gradients.get(value);
      if (d === undefined) throw new Error(`Cannot differentiate: found no gradient of "${value.name}"`);
      return d;
    },
    accumulate: (value, emit) => {
      if (value.requiresGrad) gradients.set(value, checkShape(value, emit(gradients.get(value))));
    },
    passThrough: (value, gradient) => {
      if (!value.requiresGrad) return;
      const into = gradients.get(value);
      gradients.set(value, checkShape(value, into === undefined ? gradient : add(graph, into, gradient)));
    },
  };
  return { gradients, tape };
}

function checkShape(value: Value, gradient: Value): Value {
  if (elements(value.shape) !== elements(gradient.shape))
    throw new Error(
      `Cannot differentiate "${value.name}": found a gradient of shape ${gradient.shape}, need ${value.shape}`,
    );
  return gradient;
}
