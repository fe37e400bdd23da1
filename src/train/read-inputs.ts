// Reads back the inputs of chosen linears of the frozen base, for chosen tokens. A probe is an `Adapt` that changes nothing and
// copies the chosen columns; neither kernels nor families know about it.

import { batchColumns, makeBatch } from '../data/make-batch.ts';
import type { TokenRow } from '../data/types.ts';
import { Graph, type Value } from '../gpu/graph.ts';
import { gatherColumns } from '../gpu/kernels/gather-columns.ts';
import { planMemory } from '../gpu/plan.ts';
import { Program } from '../gpu/program.ts';
import { BASE_TRAITS } from '../gpu/traits.ts';
import type { BaseModel } from '../model/base-model.ts';
import { type Adapt, plainLinears } from '../model/layers.ts';
import { type PackedInputs, packedInputs } from '../model/model-inputs.ts';
import type { PassModel } from '../model/model-pass.ts';

function probe(g: Graph, onInput: (path: string, x: Value) => void): Adapt {
  return {
    linears(calls) {
      for (const { path, x } of calls) onInput(path, x);
      return plainLinears(g, calls);
    },
    embedding: (call) => call.run(),
    norm: (call) => call.run(),
  };
}

/** For each linear in `paths` (the head included), the first one that has the same input, and the input's size. */
export function sharedInputs(
  model: PassModel,
  paths: Iterable<string>,
): Map<string, { readonly leader: string; readonly features: number }> {
  const wanted = new Set(paths);
  const leaders = new Map<Value, string>();
  const found = new Map<string, { leader: string; features: number }>();
  const onInput = (path: string, x: Value) => {
    if (!wanted.has(path)) return;
    const leader = leaders.get(x) ?? path;
    leaders.set(x, leader);
    found.set(path, { leader, features: x.shape[0]! });
  };
  const g = new Graph(BASE_TRAITS);
  const { hidden } = model.build(g, packedInputs(g, 16), 16, probe(g, onInput));
  onInput(model.parts.head.path, hidden);
  return found;
}

/** One row of a batch, with the tokens of it whose inputs are read. */
export interface ProbedRow {
  readonly row: TokenRow;
  readonly tokens: readonly number[];
}

export interface ProbeShape {
  /** Linears whose inputs are read. */
  readonly paths: readonly string[];
  /** T: tokens of a batch, at least those of its longest row. */
  readonly columns: number;
  /** Longest row in tokens. */
  readonly positions: number;
  /** Most tokens that are read of a batch. */
  readonly samples: number;
}

export class InputReader {
  private constructor(
    private readonly program: Program,
    private readonly inputs: PackedInputs,
    private readonly chosen: { readonly columns: Value; readonly used: Value },
    private readonly values: ReadonlyMap<string, Value>,
    private readonly ops: number,
    readonly shape: ProbeShape,
  ) {}

  /** `within`: a reader that never reads at the same time and shares its memory. */
  static async create(model: BaseModel, shape: ProbeShape, within?: InputReader): Promise<InputReader> {
    const { traits } = model.device;
    const g = new Graph(traits);
    const inputs = packedInputs(g, shape.columns);
    const chosen = { columns: g.input('probed_columns', [shape.samples], 'u32'), used: g.input('probed', [1], 'u32') };
    const wanted = new Set(shape.paths);
    const values = new Map<string, Value>();
    let ops = 0;
    const onInput = (path: string, x: Value) => {
      if (!wanted.has(path)) return;
      values.set(path, g.keep(gatherColumns(g, x, { ...chosen, offset: 0, count: shape.samples })));
      ops = g.ops.length;
    };
    const { hidden } = model.build(g, inputs, shape.positions, probe(g, onInput));
    onInput(model.parts.head.path, hidden);
    const program = await Program.compile(
      model.device,
      planMemory(g, traits),
      await model.bind(g, shape.positions),
      within && { within: within.program },
    );
    return new InputReader(program, inputs, chosen, values, ops, shape);
  }

  /**
   * Runs the base over the rows, up to the last linear that is read. Inputs (C, shape.samples) by path, the tokens of the rows in
   * their order from the first column on.
   */
  async read(rows: readonly ProbedRow[], paths: readonly string[]): Promise<Map<string, Float32Array>> {
    const { program, inputs, chosen } = this;
    const all = rows.map(({ row }) => row);
    const batch = makeBatch(all, [...all.keys()], this.shape.columns);
    const columns: number[] = [];
    let start = 0;
    for (const { row, tokens } of rows) {
      for (const token of tokens) columns.push(start + token);
      start += row.ids.length;
    }
    program.write(inputs.ids, batch.ids);
    program.write(inputs.positions, batch.positions);
    program.write(inputs.segmentStart, batch.segmentStart);
    program.write(inputs.segmentEnd, batch.segmentEnd);
    program.write(chosen.columns, Uint32Array.from(columns));
    program.write(chosen.used, new Uint32Array([columns.length]));
    await program.run({ ops: this.ops });
    const results = await program.read(...paths.map((path) => this.values.get(path)!));
    return new Map(paths.map((path, i) => [path, results[i]!]));
  }

  destroy(): void {
    this.program.destroy();
  }
}

/** Rows side by side, as many as fit `columns`; each at least one. */
export function packProbed(rows: readonly ProbedRow[], columns: number): ProbedRow[][] {
  const packs: ProbedRow[][] = [];
  let room = 0;
  for (const probed of rows) {
    const { length } = probed.row.ids;
    if (packs.length === 0 || length > room) {
      packs.push([]);
      room = columns;
    }
    packs.at(-1)!.push(probed);
    room -= length;
  }
  return packs;
}

/** T for rows of which the longest has `longest` tokens, side by side up to `most`. */
export function probeColumns(longest: number, most: number): number {
  return batchColumns([Math.max(longest, most)]);
}
