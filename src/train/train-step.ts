// One optimiser step, from batches to new adapter weights: forward, loss, backward for each micro-batch, then clip and
// AdamW. Everything is compiled once for a fixed number of columns T and replayed.

import type { Batch } from '../data/types.ts';
import { differentiate } from '../gpu/backward.ts';
import { Graph, type Value } from '../gpu/graph.ts';
import { lmHeadLoss, lossChunk } from '../gpu/kernels/lm-head-loss.ts';
import { type Plan, type PlanLimits, planMemory } from '../gpu/plan.ts';
import { type Profile, Program } from '../gpu/program.ts';
import type { Checkpointing } from '../gpu/recompute.ts';
import type { Traits } from '../gpu/traits.ts';
import type { AdapterShape } from '../lora/adapter-tensors.ts';
import { attachTrainable } from '../lora/attach-trainable.ts';
import { extraBytes, type FlatAdapter } from '../lora/flat-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import type { PassModel } from '../model/model-pass.ts';
import { type BatchInputs, batchInputs, writeBatch } from './batch-inputs.ts';
import { buildOptimizer, Optimizer, type OptimizerGroups, type UpdateSettings } from './optimizer.ts';

export interface StepShape {
  /** T: columns of a micro-batch, padding included. */
  readonly columns: number;
  /** Longest row in tokens. */
  readonly positions: number;
  readonly dropout: number;
  /** What blocks keep for the backward pass; default `none`: everything. */
  readonly checkpointing?: Checkpointing;
}

export interface StepSettings extends UpdateSettings {
  /** Of the dropout masks. */
  readonly seed: number;
  /** A higher loss counts as diverged; no limit when absent. */
  readonly mostLoss?: number | undefined;
}

export interface StepResult {
  /** Mean over the supervised tokens of all micro-batches. */
  readonly loss: number;
  readonly supervised: number;
  readonly tokens: number;
  /** Before clipping. */
  readonly gradNorm: number;
}

/** A loss or gradient that must not reach the optimiser; nothing was changed. */
export class BadNumbersError extends RangeError {
  override name = 'BadNumbersError';
}

interface StepGraph {
  readonly graph: Graph;
  readonly inputs: BatchInputs;
  readonly lossScale: Value;
  readonly dropoutStep: Value | undefined;
  readonly losses: Value;
  /** Ops up to and with the loss: what evaluation runs. */
  readonly forwardOps: number;
}

/** The whole step as a graph; needs no device, so that its memory can be planned without one. */
export function buildStep(model: PassModel, traits: Traits, adapterShape: AdapterShape, shape: StepShape): StepGraph {
  const graph = new Graph(traits);
  const inputs = batchInputs(graph, shape.columns);
  const { packed, ...targets } = inputs;
  const dropoutStep = shape.dropout > 0 ? graph.input('dropout.step', [4], 'u32') : undefined;
  const adapt = attachTrainable(
    graph,
    adapterShape,
    model.parts.head,
    dropoutStep && { p: shape.dropout, step: dropoutStep },
  );
  const { hidden, head } = model.build(graph, packed, shape.positions, adapt);
  const lossScale = graph.input('loss_scale', [1]);
  const chunk = lossChunk(model.config.vocab, shape.columns);
  const { losses, dHidden } = lmHeadLoss(graph, {
    hidden,
    head,
    ...targets,
    lossScale,
    chunk,
    backward: true,
  });
  const forwardOps = graph.ops.length;
  differentiate(graph, new Map([[hidden, dHidden!]]), shape.checkpointing);
  return { graph, inputs, lossScale, dropoutStep, losses, forwardOps };
}

/** Bytes of a run besides the base's weights, by purpose. */
export interface StepMemory {
  /** Parameters, gradients, both Adam moments, and A₀ and B₀ of a start from the base. */
  readonly adapter: number;
  readonly activations: number;
  /** Inputs, results, uniforms, and the optimiser's scratch. */
  readonly other: number;
  readonly total: number;
  /** The largest value that a binding must hold. */
  readonly largest: { readonly name: string; readonly bytes: number };
}

/**
 * Exactly what a run will allocate, before anything is. The numbers are the same for all traits; `traits` decides what the
 * device refuses.
 */
export function planStep(
  model: PassModel,
  traits: Traits & PlanLimits,
  adapterShape: AdapterShape,
  shape: StepShape,
): StepMemory {
  const step = planMemory(buildStep(model, traits, adapterShape, shape).graph, traits).bytes;
  const optimizer = planMemory(buildOptimizer(traits, adapterShape).graph, traits).bytes;
  const adapter = optimizer.state + extraBytes(adapterShape);
  const total = step.own + optimizer.own + adapter;
  return {
    adapter,
    activations: step.activations,
    other: step.own - step.activations + optimizer.own,
    total,
    largest: step.largest,
  };
}

/** A step compiled for one number of columns. */
interface Compiled {
  readonly step: StepGraph;
  readonly program: Program;
}

export class TrainStep {
  /** Smaller batches have programs of their own, which live in the memory of the largest one. */
  private readonly compiled = new Map<number, Compiled>();

  private constructor(
    private readonly model: BaseModel,
    private readonly adapter: FlatAdapter,
    private readonly shape: StepShape,
    readonly optimizer: Optimizer,
    readonly plan: Plan,
    private readonly largest: Compiled,
  ) {
    this.compiled.set(shape.columns, largest);
  }

  /**
   * Allocates for the largest batch, `shape.columns`; smaller ones run in the same memory. `arenas`: work space shared with the
   * steps of other adapters (train-together.ts).
   */
  static async create(
    model: BaseModel,
    adapter: FlatAdapter,
    shape: StepShape & OptimizerGroups,
    onProgress?: (done: number, total: number) => void,
    arenas?: readonly GPUBuffer[],
  ): Promise<TrainStep> {
    const { device } = model;
    const step = buildStep(model, device.traits, adapter.shape, shape);
    const plan = planMemory(step.graph, device.traits);
    const shared = await model.bind(step.graph, shape.positions, adapter.extra);
    const optimizer = await Optimizer.create(device, adapter, shape);
    try {
      const program = await Program.compile(device, plan, shared, {
        flat: { params: adapter.params, grads: optimizer.grads },
        onProgress,
        arenas,
      });
      return new TrainStep(model, adapter, shape, optimizer, plan, { step, program });
    } catch (error) {
      optimizer.destroy();
      throw error;
    }
  }

  /**
   * Trains on the micro-batches as one batch. Throws BadNumbersError, leaving the adapter unchanged, when the loss or a gradient
   * is not finite or the loss is too high.
   */
  async run(batches: readonly Batch[], settings: StepSettings): Promise<StepResult> {
    this.clearGradients();
    const { loss, supervised, tokens } = await this.forwardAndBackward(batches, settings);
    if (!Number.isFinite(loss))
      throw new BadNumbersError(
        `Cannot go on at step ${settings.update}: found a loss of ${loss}, need a finite number`,
      );
    const { mostLoss = Number.POSITIVE_INFINITY } = settings;
    if (loss > mostLoss)
      throw new BadNumbersError(
        `Cannot go on at step ${settings.update}: the run has diverged, found a loss of ${loss.toFixed(1)}, need at most ${mostLoss.toFixed(1)}`,
      );
    const { gradNorm, finite } = await this.optimizer.update(settings);
    if (!finite)
      throw new BadNumbersError(`Cannot go on at step ${settings.update}: found a gradient that is not finite`);
    return { loss, supervised, tokens, gradNorm };
  }

  /** Adds the gradients of the micro-batches to the optimiser's flat buffer. */
  async forwardAndBackward(batches: readonly Batch[], { update, seed }: Pick<StepSettings, 'update' | 'seed'>) {
    const supervised = batches.reduce((n, b) => n + b.supervised, 0);
    const tokens = batches.reduce((n, b) => n + b.tokens, 0);
    let sum = 0;
    for (const [i, batch] of batches.entries()) {
      const { step, program } = await this.compiledFor(batch.columns);
      writeMicroBatch({ step, program }, batch, supervised);
      if (step.dropoutStep) program.write(step.dropoutStep, new Uint32Array([seed, i, update, 0]));
      await program.run({ counts: { supervised: batch.supervised } });
      const [losses] = await program.read(step.losses);
      for (let t = 0; t < batch.supervised; t++) sum += losses![t]!;
    }
    return { loss: sum / supervised, supervised, tokens };
  }

  /** Sum of the losses of a batch's supervised tokens, without dropout and without gradients. */
  async evaluate(batch: Batch): Promise<{ readonly sum: number; readonly losses: Float32Array }> {
    const { step, program } = await this.compiledFor(batch.columns);
    writeMicroBatch({ step, program }, batch, batch.supervised);
    if (step.dropoutStep) program.write(step.dropoutStep, new Uint32Array([0, 0, 0, 1]));
    await program.run({ counts: { supervised: batch.supervised }, ops: step.forwardOps });
    const [losses] = await program.read(step.losses);
    const used = losses!.subarray(0, batch.supervised);
    return { sum: used.reduce((a, b) => a + b, 0), losses: used };
  }

  clearGradients(): void {
    const { gpu } = this.model.device;
    const encoder = gpu.createCommandEncoder({ label: 'clear gradients' });
    encoder.clearBuffer(this.optimizer.grads);
    gpu.queue.submit([encoder.finish()]);
  }

  /** Dispatches of one micro-batch, forward and backward. */
  get dispatchCount(): number {
    return this.largest.program.dispatchCount;
  }

  get dispatchesPerBlock(): number {
    return this.largest.program.dispatchesPerBlock;
  }

  /** Time of one micro-batch by kernel. */
  async profile(batch: Batch): Promise<Profile> {
    const { step, program } = await this.compiledFor(batch.columns);
    writeMicroBatch({ step, program }, batch, batch.supervised);
    return program.profile({ counts: { supervised: batch.supervised } });
  }

  /** Besides the base's weights: this step, its optimiser and the adapter itself. */
  get allocatedBytes(): number {
    const programs = [...this.compiled.values()].reduce((sum, { program }) => sum + program.allocatedBytes, 0);
    return programs + this.optimizer.allocatedBytes + this.adapter.params.size + extraBytes(this.adapter.shape);
  }

  destroy(): void {
    for (const { program } of this.compiled.values()) program.destroy();
    this.optimizer.destroy();
  }

  private async compiledFor(columns: number): Promise<Compiled> {
    const known = this.compiled.get(columns);
    if (known !== undefined) return known;
    if (columns > this.shape.columns)
      throw new RangeError(`Cannot train on a batch of ${columns} columns: need at most ${this.shape.columns}`);
    const { device } = this.model;
    const step = buildStep(this.model, device.traits, this.adapter.shape, { ...this.shape, columns });
    const shared = await this.model.bind(step.graph, this.shape.positions, this.adapter.extra);
    const flat = { params: this.adapter.params, grads: this.optimizer.grads };
    const program = await Program.compile(device, planMemory(step.graph, device.traits), shared, {
      flat,
      within: this.largest.program,
    });
    const compiled = { step, program };
    this.compiled.set(columns, compiled);
    return compiled;
  }
}

/** `supervisedInAll`: tokens of the whole accumulated batch. */
function writeMicroBatch({ step, program }: Compiled, batch: Batch, supervisedInAll: number): void {
  writeBatch(program, step.inputs, batch);
  program.write(step.lossScale, new Float32Array([1 / supervisedInAll]));
}
