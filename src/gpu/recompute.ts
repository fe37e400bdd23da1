// Gradient checkpointing as a rewrite of the graph: a block keeps only what it was given, and its activations are made
// again where its backward pass first reads them. The clones are the same ops on the same inputs, so the numbers are the
// same to the bit; dropout masks come from a counter, so they are the same too. (Chen et al. 2016, "Training Deep Nets with
// Sublinear Memory Cost".)

import { byteLength, elements, type Graph, type Op, storageOf, type Value, wholeOf } from './graph.ts';

/** What a block keeps for its backward pass: everything, only its input, or its input and the attention's results. */
export type Checkpointing = 'none' | 'block' | 'block-keep-attention';

/**
 * For the backward pass of `block`: a function that gives for a value of the block's forward pass the recomputed one. Ops
 * are cloned when they are first needed, in the order in which they are needed.
 */
export function recomputer(
  graph: Graph,
  forward: readonly Op[],
  block: number,
  level: Exclude<Checkpointing, 'none'>,
): (value: Value) => Value {
  /** Of a value in parts, the ops of all of them. */
  const producers = new Map<Value, Op[]>();
  for (const op of forward)
    if (op.block === block)
      for (const name of op.writes) {
        const whole = wholeOf(op.bindings[name]!);
        producers.set(whole, [...(producers.get(whole) ?? []), op]);
      }
  const fresh = new Map<Value, Value>();

  const recompute = (value: Value): Value => {
    const known = fresh.get(value);
    if (known !== undefined) return known;
    if (value.partOf !== undefined) {
      const part = partOf(recompute(value.partOf), value);
      fresh.set(value, part);
      return part;
    }
    const ops = producers.get(value);
    if (ops === undefined || isKeptValue(value)) return value;
    for (const op of ops) {
      const bindings: Record<string, Value> = {};
      for (const [name, read] of Object.entries(op.bindings))
        if (!op.writes.includes(name)) bindings[name] = recompute(read);
      for (const name of op.writes) {
        const written = op.bindings[name]!;
        const whole = wholeOf(written);
        const made = fresh.get(whole) ?? clone(whole);
        bindings[name] = written === whole ? made : partOf(made, written);
      }
      graph.ops.push({ ...op, label: `again ${op.label}`, bindings });
      graph.backwards.push(undefined);
    }
    return fresh.get(value)!;
  };
  /** What was made over the memory of a kept value is kept with it: that value is not there any more to begin from. */
  const isKeptValue = (value: Value): boolean => {
    const op = producers.get(value)?.[0];
    if (op === undefined || storageOf(value).role !== 'activation' || isKept(op, level)) return true;
    return value.inPlaceOf !== undefined && isKeptValue(wholeOf(value.inPlaceOf));
  };
  /** The rows that `part` is of its whole, of another value of that shape. */
  const partOf = (whole: Value, part: Value): Value =>
    whole === part.partOf
      ? part
      : graph.rows(whole, part.offset / elements(part.shape.slice(1)), part.shape[0]!, part.name);
  const clone = (value: Value): Value => {
    const { inPlaceOf } = value;
    const made =
      inPlaceOf === undefined
        ? graph.activation(value.name, value.shape, value.dtype)
        : graph.inPlace(value.name, recompute(inPlaceOf));
    fresh.set(value, made);
    return made;
  };
  return recompute;
}

/** A product that makes so much less than it reads, A·x of an adapter, is dearer to make again than to keep. */
const SMALL = 1 / 16;

function isKept(op: Op, level: Checkpointing): boolean {
  if (op.keep) return true;
  if (level === 'block-keep-attention' && op.label.startsWith('attention')) return true;
  const [reads, writes] = activationBytes(op);
  // What reads none depends on parameters alone, and does not grow with the tokens: the row lengths of DoRA.
  return reads === 0 || (op.flops > 0 && writes <= SMALL * reads);
}

/** Bytes of activations that an op reads, and those that it writes. */
function activationBytes({ bindings, writes }: Op): [reads: number, writes: number] {
  const bytes: [number, number] = [0, 0];
  for (const [name, value] of Object.entries(bindings)) {
    if (storageOf(value).role !== 'activation') continue;
    const isWritten = writes.includes(name);
    if (!isWritten || wholeOf(value).inPlaceOf !== undefined) bytes[0] += byteLength(value);
    if (isWritten) bytes[1] += byteLength(value);
  }
  return bytes;
}
