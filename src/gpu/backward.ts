// The gradient's ops, added to the same graph: every op with a gradient flowing into its results, last to first.
// A kernel's `backward` reads as its forward reversed: it asks the tape for dy and gives the tape dx.

import { elements, type Graph, type Op, offsetIn, storageOf, type Value, withWhole } from './graph.ts';
import { add } from './kernels/add.ts';
import { copyOf } from './kernels/copy-rows.ts';
import { type Checkpointing, recomputer } from './recompute.ts';

/** What a kernel's backward sees. */
export interface Tape {
  readonly graph: Graph;
  /** Gradient of a result of this op. Throws when there is none: an op is visited only when all it needs is there. */
  gradient(value: Value): Value;
  /** Gradient of a result if any has arrived. */
  maybe(value: Value): Value | undefined;
  /** Memory for the first contribution to the gradient of `value`; where values lie side by side, their gradients do too. */
  fresh(value: Value): Value;
  /**
   * Adds to the gradient of `value`, if it needs one. `emit` pushes the ops and returns the new gradient; it gets the
   * sum so far, `into`, to add to in place, or undefined for the first contribution (then it overwrites).
   * A sum that another value shares (`passThrough`) and still needs is copied first.
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
  const { gradients, visit } = openTape(graph, seeds);
  const forward = graph.ops.slice();
  const lastBlock = forward.reduce((last, op) => Math.max(last, op.block ?? -1), -1);
  for (let i = forward.length - 1; i >= 0; i--) {
    const op = forward[i]!;
    const backward = graph.backwards[i];
    if (backward === undefined) continue;
    if (!written(op).some((value) => gradients.has(value))) continue;
    if (op.block !== graph.block) {
      graph.block = op.block;
      const isRecomputed = checkpointing !== 'none' && op.block !== undefined && op.block < lastBlock;
      graph.substitute = isRecomputed ? recomputer(graph, forward, op.block!, checkpointing) : undefined;
    }
    visit(op, backward);
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
  const { gradients, tape, visit } = openTape(graph, seeds);
  const last = graph.backwards.length;
  for (let i = last - 1; i >= first; i--) {
    const backward = graph.backwards[i];
    if (backward === undefined) continue;
    const op = graph.ops[i]!;
    if (written(op).some((value) => gradients.has(value))) visit(op, backward);
    graph.backwards[i] = undefined;
  }
  return tape.gradient(wanted);
}

/** What an op makes. */
function written({ writes, bindings }: Op): Value[] {
  return writes.flatMap((name) => withWhole(bindings[name]!));
}

/** The gradients so far, and what a kernel's backward sees of them. */
function openTape(graph: Graph, seeds: ReadonlyMap<Value, Value>) {
  const gradients = new Map<Value, Value>(seeds);
  /** By the memory of values side by side: that of their gradients, and where those begin that have been given out. */
  const memory = new Map<Value, { readonly whole: Value; readonly given: Set<number> }>();
  /** Values whose op has been visited: nothing reads their gradients any more. */
  const done = new Set<Value>();
  /** The gradient of `value` so far, to be overwritten: a copy where it is also that of a value still to be visited. */
  const ownGradient = (value: Value): Value | undefined => {
    const own = gradients.get(value);
    for (const [other, gradient] of gradients)
      if (gradient === own && other !== value && !done.has(other)) return copyOf(graph, gradient);
    return own;
  };
  const tape: Tape = {
    graph,
    maybe: (value) => gradients.get(value),
    gradient: (value) => {
      const d = gradients.get(value);
      if (d === undefined) throw new Error(`Cannot differentiate: found no gradient of "${value.name}"`);
      return d;
    },
    fresh: (value) => {
      const name = `d${value.name}`;
      const of = storageOf(value);
      const first = offsetIn(value);
      if (first === undefined) return graph.activation(name, value.shape);
      const { whole, given } = memory.get(of) ?? { whole: graph.activation(`d${of.name}`, of.shape), given: new Set() };
      memory.set(of, { whole, given });
      if (given.has(first)) return graph.activation(name, value.shape);
      given.add(first);
      return graph.rows(whole, first / value.shape[1]!, value.shape[0]!, name);
    },
    accumulate: (value, emit) => {
      if (value.requiresGrad) gradients.set(value, checkShape(value, emit(ownGradient(value))));
    },
    passThrough: (value, gradient) => {
      if (!value.requiresGrad) return;
      const into = ownGradient(value);
      gradients.set(value, checkShape(value, into === undefined ? gradient : add(graph, into, gradient)));
    },
  };
  const visit = (op: Op, backward: (tape: Tape) => void): void => {
    backward(tape);
    for (const value of written(op)) done.add(value);
  };
  return { gradients, tape, visit };
}

function checkShape(value: Value, gradient: Value): Value {
  if (elements(value.shape) !== elements(gradient.shape))
    throw new Error(
      `Cannot differentiate "${value.name}": found a gradient of shape ${gradient.shape}, need ${value.shape}`,
    );
  return gradient;
}
