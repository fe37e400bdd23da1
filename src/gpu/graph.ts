// A model's pass as data: values (shapes, roles) and the ops between them, in program order.
// Kernels (kernels/*.ts) add ops; `differentiate` (backward.ts) adds the gradient's ops; plan.ts gives the values
// memory; program.ts replays the ops on a device. Nothing here touches a GPU, so a plan can be made without one.
//
// Activations are feature-major: x (C,T) holds feature c of all T tokens side by side, T a multiple of 4.
// One layout then serves the forward product W·x, the backward product Wᵀ·dy and row reductions: lanes lie along T.

import type { Tape } from './backward.ts';
import type { ShaderRef } from './shader.ts';
import { BASE_TRAITS, type Traits } from './traits.ts';

export type DType = 'f32' | 'u32';

/**
 * Where a value lives and who writes it:
 *   frozen      weights: own buffers, written once when the model is opened
 *   trainable   a slice of the flat parameter buffer; `gradient` the slice at the same place of the flat gradient buffer
 *   input       written by the host before a pass       output  read by the host after a pass
 *   state       kept from pass to pass on the device (KV cache)
 *   activation  lives from its first write to its last read, in an arena that others share
 */
export type ValueRole = 'frozen' | 'trainable' | 'gradient' | 'input' | 'output' | 'state' | 'activation';

export interface Value {
  readonly id: number;
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly role: ValueRole;
  readonly requiresGrad: boolean;
  /** The value whose memory this one takes over (an op that works in place); undefined = memory of its own. */
  readonly inPlaceOf: Value | undefined;
  /** The value that this one is some rows of, in its memory from element `offset` on; undefined = a value of its own. */
  readonly partOf: Value | undefined;
  /** trainable and gradient: first element in the flat buffer; a part: first element in the value that it is of. */
  readonly offset: number;
  /** Values that lie one behind the other, of which this one is all rows. */
  readonly joins?: readonly Value[];
}

export interface Op {
  readonly label: string;
  readonly shader: ShaderRef;
  /** By the shader's variable names. */
  readonly bindings: Readonly<Record<string, Value>>;
  /** The names among `bindings` that this op writes. A value both read and written (`+=`) is named too. */
  readonly writes: readonly string[];
  readonly params: Readonly<Record<string, number>>;
  readonly grid: readonly [number, number, number];
  /** Multiply-adds times two; for splitting submits and for benchmarks. */
  readonly flops: number;
  /** Transformer block it belongs to; undefined outside the blocks. Checkpointing recomputes whole blocks. */
  readonly block: number | undefined;
  /** Recomputed blocks keep its results: they are small, and expensive to make again. */
  readonly keep?: boolean;
  /** Runs only when the host's count of this name is greater than `above` (chunks of supervised positions). */
  readonly onlyIf: { readonly count: string; readonly above: number } | undefined;
}

/** What a kernel hands to `Graph.push`. */
export interface OpSpec extends Pick<Op, 'label' | 'shader' | 'bindings' | 'writes' | 'grid'> {
  readonly params?: Readonly<Record<string, number>>;
  readonly flops?: number;
  readonly keep?: boolean;
  readonly onlyIf?: Op['onlyIf'];
  /** What it overwrites in place it changes each by itself: a result requires a gradient when what stood there does. */
  readonly eachAlone?: boolean;
  /** Adds the gradient's ops; absent = nothing flows back through this op. */
  readonly backward?: (tape: Tape) => void;
}

/** Adam's state and the flat buffers are addressed in slices of this many f32 (256 bytes, WebGPU's binding alignment). */
export const FLAT_ALIGN = 64;

export class Graph {
  readonly ops: Op[] = [];
  readonly values: Value[] = [];
  /** Same index as `ops`. */
  readonly backwards: (OpSpec['backward'] | undefined)[] = [];
  readonly trainables: Value[] = [];
  /** Activations that stay readable after the pass: nothing else takes their place. */
  readonly kept = new Set<Value>();
  /** f32 elements of the flat parameter buffer. */
  flatLength = 0;
  /** While set, ops pushed belong to this block. */
  block: number | undefined;
  /** While set, ops pushed run only under this condition. */
  onlyIf: Op['onlyIf'];
  /** While set, pushed ops read other values in place of some (recomputed activations, see backward.ts). */
  substitute: ((value: Value) => Value) | undefined;

  /** Only the first token of each activation is ever read: one row is decoded, and T is 4 because no T is smaller. */
  isOneColumn = false;

  constructor(readonly traits: Traits) {}

  input(name: string, shape: readonly number[], dtype: DType = 'f32'): Value {
    return this.add({ name, shape, dtype, role: 'input' });
  }
  frozen(name: string, shape: readonly number[], dtype: DType = 'f32'): Value {
    return this.add({ name, shape, dtype, role: 'frozen' });
  }
  output(name: string, shape: readonly number[], dtype: DType = 'f32'): Value {
    return this.add({ name, shape, dtype, role: 'output' });
  }
  state(name: string, shape: readonly number[], dtype: DType = 'f32'): Value {
    return this.add({ name, shape, dtype, role: 'state' });
  }
  /** A tensor the optimiser changes; its gradient lies at the same offset of the flat gradient buffer. */
  trainable(name: string, shape: readonly number[]): Value {
    const offset = this.flatLength;
    this.flatLength += Math.ceil(elements(shape) / FLAT_ALIGN) * FLAT_ALIGN;
    const value = this.add({ name, shape, role: 'trainable', requiresGrad: true, offset });
    this.trainables.push(value);
    return value;
  }
  /** Matrices of one flat buffer, trainables or parts of a frozen value, as one, where they lie so. */
  stacked(matrices: readonly Value[]): Value | undefined {
    const { role, requiresGrad, partOf } = matrices[0]!;
    const isFlat = role === 'trainable' || partOf !== undefined;
    if (!isFlat || matrices.some((m) => m.role !== role || m.partOf !== partOf)) return undefined;
    const matrix = stackMatrices(matrices);
    return matrix && this.add({ ...matrix, name: `${matrix.name} …`, role, requiresGrad, partOf });
  }
  /** The slice of the flat gradient buffer that belongs to a trainable. Kernels add to it (`+=`). */
  gradientOf(trainable: Value): Value {
    const { partOf } = trainable;
    if (partOf !== undefined) {
      const first = trainable.offset / elements(trainable.shape.slice(1));
      return this.rows(this.gradientOf(partOf), first, trainable.shape[0]!);
    }
    const found = this.values.find(
      (v) =>
        v.role === 'gradient' &&
        v.partOf === undefined &&
        v.offset === trainable.offset &&
        byteLength(v) === byteLength(trainable),
    );
    return (
      found ??
      this.add({ name: `d${trainable.name}`, shape: trainable.shape, role: 'gradient', offset: trainable.offset })
    );
  }
  /** Makes what is computed from `value` differentiable, although the op that made it is not. */
  requireGradient(value: Value): Value {
    (value as { requiresGrad: boolean }).requiresGrad = true;
    return value;
  }
  activation(name: string, shape: readonly number[], dtype: DType = 'f32'): Value {
    return this.add({ name, shape, dtype, role: 'activation' });
  }
  /** Lets the host read an activation after the pass. */
  keep(value: Value): Value {
    this.kept.add(value);
    return value;
  }
  /** The result of an op that overwrites `value` in place: another value, the same memory. */
  inPlace(name: string, value: Value): Value {
    const of = this.substitute?.(value) ?? value;
    return this.add({ name, shape: of.shape, dtype: of.dtype, role: of.role, inPlaceOf: of, offset: of.offset });
  }

  /**
   * `count` rows of a value from row `first` on, in its memory: what one binding can hold of it. `first` times the length of a
   * row must be a multiple of FLAT_ALIGN.
   */
  rows(value: Value, first: number, count: number, name = value.name): Value {
    const length = elements(value.shape.slice(1));
    if ((first * length) % FLAT_ALIGN !== 0)
      throw new RangeError(
        `Cannot take rows of "${value.name}": found ${first} of ${length} before them, need a multiple of ${FLAT_ALIGN}`,
      );
    return this.part(value, name, [count, ...value.shape.slice(1)], first * length);
  }

  /** Elements of a value from `offset` on, a multiple of FLAT_ALIGN, as a value of this shape in its memory. */
  part(value: Value, name: string, shape: readonly number[], offset: number): Value {
    const { dtype, role, requiresGrad } = value;
    return this.add({ name, shape, dtype, role, requiresGrad, partOf: value, offset });
  }

  /** Whether activations (rows,T) of these sizes can lie one behind the other: bindings can begin between them, and hold all. */
  canAdjoin(rows: readonly number[], T: number): boolean {
    const total = rows.reduce((a, b) => a + b, 0);
    // Not by what a device holds beyond what all of them do, so that plans are the same for all.
    const limitBytes = Math.min(this.traits.maxBindingBytes, BASE_TRAITS.maxBindingBytes);
    return 4 * total * T <= limitBytes && firstRows(rows).every((first) => (first * T) % FLAT_ALIGN === 0);
  }

  /** Activations (rows,T) of these sizes, one behind the other in one memory where they can. */
  adjoining(names: readonly string[], rows: readonly number[], T: number): Value[] {
    if (rows.length === 1 || !this.canAdjoin(rows, T))
      return rows.map((count, i) => this.activation(names[i]!, [count, T]));
    const total = rows.reduce((a, b) => a + b, 0);
    const whole = this.activation(names.join(', '), [total, T]);
    return firstRows(rows).map((first, i) => this.rows(whole, first, rows[i]!, names[i]));
  }

  /** Values (rows,T) as one, where they lie one behind the other in one memory; undefined where they do not. */
  joined(values: readonly Value[]): Value | undefined {
    const [first] = values;
    if (first === undefined || values.length === 1) return first;
    const whole = storageOf(first);
    const offset = offsetIn(first) ?? 0;
    let [end, rows] = [offset, 0];
    for (const value of values) {
      if (storageOf(value) !== whole || offsetIn(value) !== end || value.shape[1] !== first.shape[1]) return undefined;
      end += elements(value.shape);
      rows += value.shape[0]!;
    }
    const { name, dtype, role } = first;
    const shape = [rows, first.shape[1]!];
    return this.add({ name: `${name} …`, shape, dtype, role, partOf: whole, offset, joins: values });
  }

  /** Appends an op. Its results require a gradient when one of its inputs (or what it overwrites) does and it has a backward. */
  push(spec: OpSpec): void {
    const { substitute } = this;
    const bindings = substitute === undefined ? spec.bindings : mapReads(spec, substitute);
    const flows =
      spec.backward !== undefined &&
      Object.values(bindings).some((v) => v.requiresGrad || wholeOf(v).inPlaceOf?.requiresGrad);
    if (flows)
      for (const name of spec.writes.filter((name) => !spec.eachAlone || bindings[name]!.inPlaceOf?.requiresGrad))
        for (const value of withWhole(bindings[name]!))
          if (value.role === 'activation' || value.role === 'output' || value.inPlaceOf?.requiresGrad)
            (value as { requiresGrad: boolean }).requiresGrad = true;
    this.ops.push({
      label: spec.label,
      shader: spec.shader,
      bindings,
      writes: spec.writes,
      params: spec.params ?? {},
      grid: spec.grid,
      flops: spec.flops ?? 0,
      block: this.block,
      onlyIf: spec.onlyIf ?? this.onlyIf,
      ...(spec.keep && { keep: true }),
    });
    this.backwards.push(flows ? spec.backward : undefined);
  }

  private add(part: Partial<Value> & Pick<Value, 'name' | 'shape' | 'role'>): Value {
    const value: Value = {
      id: this.values.length,
      dtype: 'f32',
      requiresGrad: false,
      inPlaceOf: undefined,
      partOf: undefined,
      offset: 0,
      ...part,
    };
    this.values.push(value);
    return value;
  }
}

export function elements(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
/** Consecutive matrices of one width, or vectors, as a single one, under the first one's name; undefined where something lies between them. */
export function stackMatrices(
  matrices: readonly Pick<Value, 'name' | 'shape' | 'offset'>[],
): Pick<Value, 'name' | 'shape' | 'offset'> | undefined {
  const first = matrices[0]!;
  let [end, rows] = [first.offset, 0];
  for (const { offset, shape } of matrices) {
    if (offset !== end || shape[1] !== first.shape[1]) return undefined;
    end += elements(shape);
    rows += shape[0]!;
  }
  return { name: first.name, shape: [rows, ...first.shape.slice(1)], offset: first.offset };
}
export function byteLength(value: Value): number {
  return 4 * elements(value.shape);
}
/** The value that owns the memory. */
export function storageOf(value: Value): Value {
  let v = value;
  for (let next = v.partOf ?? v.inPlaceOf; next !== undefined; next = v.partOf ?? v.inPlaceOf) v = next;
  return v;
}
/** The first element of a part in the value that owns the memory; undefined when it is no part. */
export function offsetIn(value: Value): number | undefined {
  let first: number | undefined;
  for (let v: Value | undefined = value; v !== undefined; v = v.partOf ?? v.inPlaceOf)
    if (v.partOf !== undefined) first = (first ?? 0) + v.offset;
  return first;
}
/** The value that a part is of; any other is one by itself. */
export function wholeOf(value: Value): Value {
  return value.partOf ?? value;
}

/** A value that an op writes, with those that it is made of or a part of: a product makes its result in parts, or linears in one. */
export function withWhole(value: Value): readonly Value[] {
  return [value, wholeOf(value), ...(value.joins ?? [])];
}
/** The first row of each of several values, one behind the other. */
function firstRows(rows: readonly number[]): number[] {
  return rows.map((_, i) => rows.slice(0, i).reduce((a, b) => a + b, 0));
}

/** What an op writes is its own; what it only reads may be substituted. */
function mapReads({ bindings, writes }: OpSpec, substitute: (value: Value) => Value): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(bindings).map(([name, value]) => [name, writes.includes(name) ? value : substitute(value)]),
  );
}
