// Plans memory before allocating any: liveness over the finished graph gives every activation a place in a few arenas, so
// the exact bytes are known before a buffer is made, and the number shown to the user is the number allocated.
// Placement is greedy by size (largest first, lowest free offset): simple, and within a few per cent of the optimum on
// the graphs of transformers (the strategy compared in Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).

import { byteLength, type Graph, type Op, storageOf, type Value, wholeOf } from './graph.ts';
import { packParams, paramsOf } from './shader.ts';

/** Offsets of bindings must be multiples of this (WebGPU's minStorageBufferOffsetAlignment on every device). */
export const BINDING_ALIGN = 256;

/**
 * Arenas grow to this, WebGPU's guaranteed buffer size, or to one value that is larger: so the plan is the same for every
 * device, and can be made without one.
 */
const ARENA_BYTES = 256 << 20;

export interface Place {
  readonly arena: number;
  readonly offset: number;
}

export interface Plan {
  readonly graph: Graph;
  /** Bytes of each arena. */
  readonly arenas: readonly number[];
  /** By storage-owning activation. */
  readonly places: ReadonlyMap<Value, Place>;
  /** Every op's `struct Params`, equal blocks stored once, each at a binding offset of one uniform buffer. */
  readonly uniforms: { readonly blocks: readonly ArrayBuffer[]; readonly offsets: readonly number[] };
  readonly bytes: {
    /** Weights: allocated once, shared by all programs. */
    readonly frozen: number;
    /** What outlives a pass and may be shared: KV caches, an optimiser's flat buffers. */
    readonly state: number;
    /** What a program allocates for itself: exactly `Program.allocatedBytes` when no state is shared. */
    readonly own: number;
    readonly activations: number;
    /** The largest value: what a binding has to hold. */
    readonly largest: { readonly name: string; readonly bytes: number };
  };
}

export interface PlanLimits {
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
}

/** Throws RangeError naming the value that no binding of this device can hold, and Error for a graph that reads overwritten memory. */
export function planMemory(graph: Graph, limits: PlanLimits): Plan {
  checkInPlace(graph);
  for (const v of boundValues(graph)) {
    if (byteLength(v) > limits.maxBindingBytes)
      throw new RangeError(
        `Cannot bind "${v.name}" (${byteLength(v)} bytes): this device allows ${limits.maxBindingBytes} bytes per binding`,
      );
  }
  const spans = [...liveSpans(graph).entries()].sort((a, b) => padded(b[0]) - padded(a[0]) || a[0].id - b[0].id);
  const arenas: number[] = [];
  const placed: { begin: number; end: number; arena: number; offset: number; bytes: number }[] = [];
  const places = new Map<Value, Place>();
  for (const [value, span] of spans) {
    const bytes = padded(value);
    const neighbours = placed.filter((p) => p.begin <= span.end && span.begin <= p.end);
    if (bytes > limits.maxBufferBytes)
      throw new RangeError(
        `Cannot place "${value.name}" (${bytes} bytes): this device allows ${limits.maxBufferBytes} bytes per buffer`,
      );
    let place: Place | undefined;
    for (let arena = 0; place === undefined; arena++) {
      const offset = lowestGap(
        neighbours.filter((p) => p.arena === arena),
        bytes,
      );
      // An arena that is still empty takes anything.
      if (offset === 0 || offset + bytes <= ARENA_BYTES) place = { arena, offset };
    }
    arenas[place.arena] = Math.max(arenas[place.arena] ?? 0, place.offset + bytes);
    placed.push({ ...span, ...place, bytes });
    places.set(value, place);
  }
  const sum = (role: Value['role']) =>
    graph.values.filter((v) => v.role === role && storageOf(v) === v).reduce((n, v) => n + padded(v), 0);
  const activations = arenas.reduce((a, b) => a + b, 0);
  const uniforms = packUniforms(graph);
  const own = activations + sum('input') + sum('output') + uniformBytes(uniforms) + readbackBytes(graph);
  return {
    graph,
    arenas,
    places,
    uniforms,
    bytes: { frozen: sum('frozen'), state: sum('state'), own, activations, largest: largestValue(graph) },
  };
}

function largestValue(graph: Graph): Plan['bytes']['largest'] {
  let largest = { name: '', bytes: 0 };
  for (const v of boundValues(graph))
    if (byteLength(v) > largest.bytes) largest = { name: v.name, bytes: byteLength(v) };
  return largest;
}

/** What bindings hold: a value, or the parts of one that is bound in parts. */
function boundValues({ values }: Graph): readonly Value[] {
  const inParts = new Set(values.map((v) => v.partOf));
  return values.filter((v) => !inParts.has(v));
}

/** Bytes of the buffer through which the host reads outputs and kept values, all of them at once. */
export function readbackBytes(graph: Graph): number {
  const outputs = graph.values.filter((v) => v.role === 'output' && storageOf(v) === v);
  return [...outputs, ...graph.kept].reduce((n, v) => n + padded(v), 0);
}

export function uniformBytes({ blocks }: Plan['uniforms']): number {
  return Math.max(1, blocks.length) * BINDING_ALIGN;
}

function packUniforms(graph: Graph): Plan['uniforms'] {
  const known = new Map<string, number>();
  const blocks: ArrayBuffer[] = [];
  const offsets = graph.ops.map((op) => {
    if (Object.keys(op.params).length === 0) return 0;
    const bytes = packParams(paramsOf(op.shader), op.params, op.label);
    const key = new Uint32Array(bytes).join();
    let offset = known.get(key);
    if (offset === undefined) {
      offset = BINDING_ALIGN * blocks.length;
      known.set(key, offset);
      blocks.push(bytes);
    }
    return offset;
  });
  return { blocks, offsets };
}

export function padded(value: Value): number {
  return Math.max(1, Math.ceil(byteLength(value) / BINDING_ALIGN)) * BINDING_ALIGN;
}

/** First write to last use of every activation's memory, in op indices. */
function liveSpans(graph: Graph): Map<Value, { begin: number; end: number }> {
  const spans = new Map<Value, { begin: number; end: number }>();
  for (const [i, op] of graph.ops.entries())
    for (const value of Object.values(op.bindings)) {
      const storage = storageOf(value);
      if (storage.role !== 'activation') continue;
      const span = spans.get(storage);
      if (span === undefined) spans.set(storage, { begin: i, end: i });
      else span.end = i;
    }
  for (const value of graph.kept) {
    const span = spans.get(storageOf(value));
    if (span !== undefined) span.end = graph.ops.length;
  }
  return spans;
}

function lowestGap(placed: { offset: number; bytes: number }[], bytes: number): number {
  let offset = 0;
  for (const p of placed.sort((a, b) => a.offset - b.offset)) {
    if (p.offset - offset >= bytes) break;
    offset = Math.max(offset, p.offset + p.bytes);
  }
  return offset;
}

/** Refuses a graph that reads a value after an op has overwritten it in place, or before anything has written it. */
function checkInPlace(graph: Graph): void {
  const dead = new Map<Value, Op>();
  const written = new Set<Value>();
  const checkRead = (op: Op, value: Value) => {
    for (const joined of value.joins ?? []) checkRead(op, joined);
    const killer = dead.get(value) ?? dead.get(wholeOf(value));
    if (killer !== undefined)
      throw new Error(
        `Cannot plan: "${op.label}" reads "${value.name}" after "${killer.label}" has overwritten it in place`,
      );
    if (value.role === 'activation' && !written.has(value) && !written.has(wholeOf(value)))
      throw new Error(`Cannot plan: "${op.label}" reads "${value.name}" before anything has written it`);
  };
  for (const op of graph.ops) {
    for (const [name, value] of Object.entries(op.bindings)) {
      const whole = wholeOf(value);
      if (!op.writes.includes(name)) checkRead(op, value);
      // Of a value in parts, the first one takes over the memory.
      else if (whole.inPlaceOf !== undefined && !written.has(whole)) checkRead(op, whole.inPlaceOf);
    }
    for (const name of op.writes) {
      const value = wholeOf(op.bindings[name]!);
      written.add(value);
      if (value.inPlaceOf !== undefined) dead.set(value.inPlaceOf, op);
    }
  }
}
