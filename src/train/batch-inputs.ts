// What a pass over a batch is given: its tokens, and the columns that are judged.

import type { Batch } from '../data/types.ts';
import type { Graph, Value } from '../gpu/graph.ts';
import type { Program } from '../gpu/program.ts';
import { type PackedInputs, packedInputs } from '../model/model-inputs.ts';

export interface BatchInputs {
  readonly packed: PackedInputs;
  /** (T) u32: as in a batch. */
  readonly targetColumns: Value;
  readonly targetIds: Value;
  /** (1) u32 */
  readonly supervised: Value;
}

/** `columns`: T of the batches to come. */
export function batchInputs(g: Graph, columns: number): BatchInputs {
  return {
    packed: packedInputs(g, columns),
    targetColumns: g.input('target_columns', [columns], 'u32'),
    targetIds: g.input('target_ids', [columns], 'u32'),
    supervised: g.input('supervised', [1], 'u32'),
  };
}

export function writeBatch(program: Program, inputs: BatchInputs, batch: Batch): void {
  const { packed } = inputs;
  program.write(packed.ids, batch.ids);
  program.write(packed.positions, batch.positions);
  program.write(packed.segmentStart, batch.segmentStart);
  program.write(packed.segmentEnd, batch.segmentEnd);
  program.write(inputs.targetColumns, batch.targetColumns);
  program.write(inputs.targetIds, batch.targetIds);
  program.write(inputs.supervised, new Uint32Array([batch.supervised]));
}
