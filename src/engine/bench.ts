// What one training step costs on this device, on a workload that other engines can run too (bench-workload.ts). A
// benchmark, not a test: nothing here passes or fails, except that losses are shown beside the reference ones, because a
// fast step that computes something else does not count.

import { makeBatch, trainedLength } from '../data/make-batch.ts';
import type { Device } from '../gpu/device.ts';
import type { Checkpointing } from '../gpu/recompute.ts';
import type { Storage } from '../gpu/weight.ts';
import { FlatAdapter } from '../lora/flat-adapter.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { sizeClass } from '../train/run-training.ts';
import { planStep, TrainStep } from '../train/train-step.ts';
import {
  MODELS,
  REFERENCE_LOSSES,
  usefulFlops,
  workloadAdapter,
  workloadFiles,
  workloadRows,
} from './bench-workload.ts';

export interface BenchOptions {
  readonly warm: number;
  readonly steps: number;
  readonly quant: Storage;
  readonly checkpointing?: Checkpointing;
  /** Times every dispatch on its own; much slower than a step. */
  readonly wantsKernels: boolean;
}

export interface BenchResult {
  readonly case: string;
  readonly msMedian: number;
  readonly msMin: number;
  readonly msMax: number;
  /** Opening, pipelines and the first step together. */
  readonly firstStepMs: number;
  readonly tokensPerSecond: number;
  /** Useful operations a second, recomputation not counted. */
  readonly flops: number;
  readonly plannedBytes: number;
  readonly allocatedBytes: number;
  readonly dispatches: number;
  readonly losses: readonly number[];
  readonly reference: readonly number[] | undefined;
  /** Milliseconds a step by kernel, largest first. */
  readonly kernels: readonly { readonly name: string; readonly ms: number; readonly count: number }[];
}

/** `S-b4-s128`: model, rows, tokens a row. Throws RangeError for a name that is none. */
export function parseCase(name: string): { readonly model: string; readonly batch: number; readonly seq: number } {
  const match = /^([A-Z]+)-b(\d+)-s(\d+)$/.exec(name);
  if (match === null || !Object.hasOwn(MODELS, match[1]!))
    throw new RangeError(
      `Cannot run case "${name}": need a name such as S-b1-s128 with a model of ${Object.keys(MODELS).join(', ')}`,
    );
  return { model: match[1]!, batch: Number(match[2]), seq: Number(match[3]) };
}

export async function benchStep(device: Device, name: string, options: BenchOptions): Promise<BenchResult> {
  const { model: modelName, batch, seq } = parseCase(name);
  const workload = MODELS[modelName]!;
  const folder = await openModelFolder(workloadFiles(workload), modelName);
  const model = await BaseModel.open(device, folder, { linears: options.quant, embeddings: options.quant });
  const start = workloadAdapter(model.linears());
  const adapter = await FlatAdapter.load(device, start);
  const rows = workloadRows(workload, batch, seq);
  const columns = sizeClass(batch * seq);
  const input = makeBatch(rows, [...rows.keys()], columns, trainedLength);
  const opening = performance.now();
  const { checkpointing = 'none' } = options;
  const shape = { columns, positions: seq, dropout: 0, weightDecay: 0.01, checkpointing };
  const step = await TrainStep.create(model, adapter, shape);
  const times: number[] = [];
  const losses: number[] = [];
  let firstStepMs = 0;
  for (let i = 0; i < options.warm + options.steps; i++) {
    const began = performance.now();
    const { loss } = await step.run([input], { lr: 1e-3, update: i + 1, clip: 0, seed: 0 });
    if (i === 0) firstStepMs = performance.now() - opening;
    if (i >= options.warm) times.push(performance.now() - began);
    losses.push(loss);
  }
  const kernels = options.wantsKernels ? await step.profile(input) : [];
  times.sort((a, b) => a - b);
  const msMedian = times[times.length >> 1]!;
  const result = {
    case: name,
    msMedian,
    msMin: times[0]!,
    msMax: times.at(-1)!,
    firstStepMs,
    tokensPerSecond: (batch * seq) / (msMedian / 1000),
    flops: usefulFlops(workload, batch, seq) / (msMedian / 1000),
    plannedBytes: planStep(model, device.traits, start, shape).total,
    allocatedBytes: step.allocatedBytes,
    dispatches: step.dispatchCount,
    losses: losses.slice(0, 4),
    reference: REFERENCE_LOSSES[name],
    kernels,
  };
  step.destroy();
  adapter.destroy();
  model.destroy();
  return result;
}
