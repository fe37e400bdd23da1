// What an adapter has cost of what the base knew: on rows of general text, the loss of the base and of the adapted model, and
// how far its predictions are from the base's (token-level KL). Base and adapter go through one pass side by side: each row
// twice, once at strength 0. The adapter's memory is the one that trains, so a run can be measured while it goes.
//
//   columns   rows at strength 0 (T) | the same rows at strength s (T)

import type { Batch } from '../data/types.ts';
import { Graph, type Value } from '../gpu/graph.ts';
import { crossEntropy } from '../gpu/kernels/cross-entropy.ts';
import { gatherColumns } from '../gpu/kernels/gather-columns.ts';
import { klDivergence } from '../gpu/kernels/kl-divergence.ts';
import { lossChunk } from '../gpu/kernels/lm-head-loss.ts';
import { type PlanLimits, planMemory } from '../gpu/plan.ts';
import { Program } from '../gpu/program.ts';
import type { Traits } from '../gpu/traits.ts';
import type { AdapterShape } from '../lora/adapter-tensors.ts';
import { attachFrozen } from '../lora/attach-frozen.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import { normBytes } from '../lora/measure-norms.ts';
import type { BaseModel } from '../model/base-model.ts';
import { type PackedInputs, packedInputs } from '../model/model-inputs.ts';
import type { PassModel } from '../model/model-pass.ts';
import { promptLength, withoutPrompt } from './soft-prompt.ts';

/** Of each supervised token, in the order of the batch's targets. */
export interface TokenForgetting {
  readonly baseLosses: Float32Array;
  readonly losses: Float32Array;
  /** KL(base ‖ adapted) of the prediction, in nats. */
  readonly divergences: Float32Array;
}

/** What it binds of an adapter: a plan has its shape alone. */
type Measured = Pick<FlatAdapter, 'shape' | 'extra' | 'params'>;

interface Targets {
  readonly base: Value;
  readonly adapted: Value;
  readonly ids: Value;
  readonly supervised: Value;
}

/** The graph of one pass; `columns` T and `positions` of the batches to come. */
function buildMeter(model: PassModel, traits: Traits, adapter: Measured, columns: number, positions: number) {
  const g = new Graph(traits);
  const inputs = packedInputs(g, 2 * columns);
  const { adapt, attached } = attachFrozen(g, [adapter], 2 * columns, model.parts.head);
  const { hidden, head } = model.build(g, inputs, positions, adapt);
  const targets = {
    base: g.input('base_columns', [columns], 'u32'),
    adapted: g.input('adapted_columns', [columns], 'u32'),
    ids: g.input('target_ids', [columns], 'u32'),
    supervised: g.input('supervised', [1], 'u32'),
  };
  const lossScale = g.input('loss_scale', [1]);
  const results = [
    g.output('base_losses', [columns]),
    g.output('losses', [columns]),
    g.output('divergences', [columns]),
  ] as const;
  const chunk = lossChunk(2 * model.config.vocab, columns);
  for (let offset = 0; offset < columns; offset += chunk) {
    const count = Math.min(chunk, columns - offset);
    const onlyIf = { count: 'supervised', above: offset };
    const choice = { used: targets.supervised, offset, count, onlyIf };
    g.onlyIf = onlyIf;
    const logits = [targets.base, targets.adapted].map((of) =>
      head(gatherColumns(g, hidden, { ...choice, columns: of }), { ...choice, columns: of }),
    );
    klDivergence(g, logits[0]!, logits[1]!, choice, results[2]);
    for (const i of [0, 1] as const)
      crossEntropy(g, logits[i]!, choice, { targetIds: targets.ids, lossScale, losses: results[i] });
    g.onlyIf = undefined;
  }
  return { graph: g, inputs, targets, results, ...attached[0]! };
}

/** Exactly what a meter allocates beside what trains and the base; the same for all traits. */
export function planMeter(
  model: PassModel,
  traits: Traits & PlanLimits,
  shape: AdapterShape,
  columns: number,
  positions: number,
): number {
  const unbound = { shape, extra: new Map(), params: NOWHERE };
  const { graph } = buildMeter(model, traits, unbound, columns, positions);
  return planMemory(graph, traits).bytes.own + normBytes(shape);
}

/** For graphs that are only counted. */
const NOWHERE = {} as GPUBuffer;

export class ForgettingMeter {
  private constructor(
    private readonly refresh: () => Promise<void>,
    private readonly adapter: FlatAdapter,
    private readonly program: Program,
    private readonly inputs: PackedInputs,
    private readonly targets: Targets,
    private readonly strength: Value,
    private readonly results: readonly [baseLosses: Value, losses: Value, divergences: Value],
    /** On the device, beside what trains and the base. */
    readonly bytes: number,
  ) {}

  /** `columns` T and `positions` of the batches to come. */
  static async create(
    model: BaseModel,
    adapter: FlatAdapter,
    columns: number,
    positions: number,
  ): Promise<ForgettingMeter> {
    await adapter.measure(model);
    const { traits } = model.device;
    const { graph, inputs, targets, strength, results, slots } = buildMeter(model, traits, adapter, columns, positions);
    const shared = await model.bind(graph, positions, new Map(slots));
    const program = await Program.compile(model.device, planMemory(graph, traits), shared);
    const bytes = program.allocatedBytes + normBytes(adapter.shape);
    return new ForgettingMeter(
      () => adapter.measure(model),
      adapter,
      program,
      inputs,
      targets,
      strength,
      results,
      bytes,
    );
  }

  async measure(batch: Batch, strength = 1): Promise<TokenForgetting> {
    const { program, inputs, targets } = this;
    promptLength(this.adapter, strength);
    // The adapter may be in training.
    await this.refresh();
    const alone = withoutPrompt(batch, this.adapter);
    const twice = (values: Uint32Array, shift = 0, first = values) => {
      const out = new Uint32Array(2 * values.length);
      out.set(first);
      out.set(
        values.map((value) => value + shift),
        values.length,
      );
      return out;
    };
    const T = batch.columns;
    program.write(inputs.ids, twice(batch.ids));
    program.write(inputs.positions, twice(batch.positions, 0, alone.positions));
    program.write(inputs.segmentStart, twice(batch.segmentStart, T, alone.segmentStart));
    program.write(inputs.segmentEnd, twice(batch.segmentEnd, T, alone.segmentEnd));
    program.write(targets.base, batch.targetColumns);
    program.write(
      targets.adapted,
      batch.targetColumns.map((column) => column + T),
    );
    program.write(targets.ids, batch.targetIds);
    program.write(targets.supervised, new Uint32Array([batch.supervised]));
    program.write(this.strength, new Float32Array(2 * T).fill(strength, T));
    await program.run({ counts: { supervised: batch.supervised } });
    const [baseLosses, losses, divergences] = (await program.read(...this.results)).map((values) =>
      values.slice(0, batch.supervised),
    );
    return { baseLosses: baseLosses!, losses: losses!, divergences: divergences! };
  }

  destroy(): void {
    this.program.destroy();
  }
}
