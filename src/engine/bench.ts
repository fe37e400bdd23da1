// What a training step, or a token of an answer, costs on this device, on a workload that other engines can run too
// (bench-workload.ts). A benchmark, not a test: nothing here passes or fails, except that losses are shown beside the
// reference ones, because a fast step that computes something else does not count.

import { makeBatch, trainedLength } from '../data/make-batch.ts';
import type { Device } from '../gpu/device.ts';
import { measureFma, measurePlainFma, measureReading } from '../gpu/measure.ts';
import { planMemory } from '../gpu/plan.ts';
import type { Adapter } from '../lora/adapter.ts';
import { FlatAdapter } from '../lora/flat-adapter.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { Generator } from '../train/generate.ts';
import type { OptimizerGroups } from '../train/optimizer.ts';
import { sizeClass } from '../train/run-shape.ts';
import { buildStep, planStep, type StepResult, type StepShape, TrainStep } from '../train/train-step.ts';
import { Laps } from './bench-laps.ts';
import {
  forwardFlops,
  MODELS,
  RANK,
  REFERENCE_LOSSES,
  usefulFlops,
  type WorkloadModel,
  workloadAdapter,
  workloadFiles,
  workloadRows,
} from './bench-workload.ts';
import type { BenchOptions, BenchResult, DeviceRates } from './protocol/bench.ts';

interface BenchCase {
  readonly name: string;
  readonly kind: 'step' | 'decode';
  readonly model: WorkloadModel;
  /** Rows of a step. */
  readonly batch: number;
  /** That train at once, or that answers side by side have one each. */
  readonly adapters: number;
  /** Tokens a row. */
  readonly seq: number;
  readonly rank: number;
}

const CASE = /^([A-Za-z0-9]+)-(?:b(\d+)-s(\d+)|decode(?:-s(\d+))?)(?:-a(\d+))?(?:-l(\d+))?(?:-r(\d+))?$/;

/**
 * `S-b4-s128`: model, rows, tokens a row; `S-b4-s128-a2`: a step of each of two adapters that train at once; `S-decode-a2`: a token
 * of each of two answers, each with an adapter of its own. `-l12` and `-r64` at the end: so many layers, another rank. Throws RangeError for a name that is none.
 */
export function parseCase(name: string): BenchCase {
  const match = CASE.exec(name);
  const model = match && Object.hasOwn(MODELS, match[1]!) ? MODELS[match[1]!]! : undefined;
  if (match === null || model === undefined)
    throw new RangeError(
      `Cannot run case "${name}": need a name such as S-b1-s128 or S-decode with a model of ${Object.keys(MODELS).join(', ')}`,
    );
  const [, , batch, stepSeq, answerTokens, adapters, layers, rank] = match;
  return {
    name,
    kind: batch === undefined ? 'decode' : 'step',
    model: { ...model, ...(layers !== undefined && { layers: Number(layers) }) },
    batch: Number(batch ?? 1),
    adapters: Number(adapters ?? 1),
    seq: Number(stepSeq ?? answerTokens ?? DECODED_TOKENS),
    rank: Number(rank ?? RANK),
  };
}

/** Tokens of a case's answers: what a short answer has. */
const DECODED_TOKENS = 32;
/** Tokens that are timed together: the next is being made while one is told, so that a single one may seem to take no time. */
const TOKENS_A_TIME = 5;

/** `processorMs`: processor time of this process so far, which is what a software adapter has worked. */
export async function benchCase(
  device: Device,
  name: string,
  options: BenchOptions,
  processorMs?: () => number,
): Promise<BenchResult> {
  const found = parseCase(name);
  const folder = await openModelFolder(workloadFiles(found.model), name);
  const model = await BaseModel.open(device, folder, { linears: options.quant, embeddings: options.quant });
  try {
    const before = await measureRates(device);
    const measured = await (found.kind === 'step' ? benchStep : benchDecode)(model, found, options, processorMs);
    const after = await measureRates(device);
    const rates = {
      flops: Math.max(before.flops, after.flops),
      plainFlops: Math.max(before.plainFlops, after.plainFlops),
      readBytes: Math.max(before.readBytes, after.readBytes),
    };
    return { case: name, rates, ...measured };
  } finally {
    model.destroy();
  }
}

async function measureRates(device: Device): Promise<DeviceRates> {
  return {
    flops: await measureFma(device),
    plainFlops: await measurePlainFma(device),
    readBytes: await measureReading(device),
  };
}

type Measured = Omit<BenchResult, 'case' | 'rates'>;

async function benchStep(
  model: BaseModel,
  found: BenchCase,
  options: BenchOptions,
  processorMs?: () => number,
): Promise<Measured> {
  const { batch, seq, rank } = found;
  const { device } = model;
  const start = workloadAdapter(model.linears(), rank);
  const rows = workloadRows(found.model, batch, seq);
  const columns = sizeClass(batch * seq);
  const input = makeBatch(rows, [...rows.keys()], columns, trainedLength);
  const { checkpointing = 'none' } = options;
  const shape = { columns, positions: seq, dropout: 0, weightDecay: 0.01, checkpointing };
  const plan = planStep(model, device.traits, start, shape);
  const opening = performance.now();
  const run = await stepsOf(model, start, shape, found.adapters);
  const [step] = run.steps as [TrainStep];
  try {
    const laps = new Laps(device, processorMs);
    const losses: number[] = [];
    let firstStepMs = 0;
    for (let i = 0; i < options.warm + options.steps; i++) {
      laps.begin();
      const settings = { lr: 1e-3, update: i + 1, clip: 0, seed: 0 };
      const [{ loss }] = (await Promise.all(run.steps.map((one) => one.run([input], settings)))) as [StepResult];
      if (i === 0) firstStepMs = performance.now() - opening;
      if (i >= options.warm) laps.end();
      losses.push(loss);
    }
    const profile = options.wantsKernels ? await step.profile(input) : undefined;
    const measured = laps.measured();
    const seconds = measured.msMedian / 1000;
    return {
      ...measured,
      firstStepMs,
      tokensPerSecond: (found.adapters * batch * seq) / seconds,
      flops: (found.adapters * usefulFlops(found.model, batch, seq, rank)) / seconds,
      weightBytes: undefined,
      // Arenas are there once, the rest for each adapter.
      plannedBytes: plan.activations + found.adapters * (plan.total - plan.activations),
      allocatedBytes: run.allocatedBytes(),
      dispatches: found.adapters * step.dispatchCount,
      dispatchesPerLayer: step.dispatchesPerBlock,
      losses: losses.slice(0, 4),
      reference: rank === RANK ? REFERENCE_LOSSES[found.name] : undefined,
      kernels: profile?.kernels ?? [],
      kernelsTimedBy: profile?.by,
    };
  } finally {
    run.destroy();
  }
}

/** A step for each of so many adapters, all of them in one work space. */
async function stepsOf(model: BaseModel, start: Adapter, shape: StepShape & OptimizerGroups, count: number) {
  const { device } = model;
  const adapters: FlatAdapter[] = [];
  const steps: TrainStep[] = [];
  const arenas: GPUBuffer[] = [];
  if (count > 1)
    for (const size of planMemory(buildStep(model, device.traits, start, shape).graph, device.traits).arenas)
      arenas.push(await device.allocate('common arena', size, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST));
  for (let i = 0; i < count; i++) {
    const adapter = await FlatAdapter.load(device, start);
    adapters.push(adapter);
    steps.push(await TrainStep.create(model, adapter, shape, undefined, arenas));
  }
  return {
    steps,
    allocatedBytes: () => [...steps.map((s) => s.allocatedBytes), ...arenas.map((a) => a.size)].reduce((a, b) => a + b),
    destroy() {
      for (const one of [...steps, ...adapters, ...arenas]) one.destroy();
    },
  };
}

/** Tokens of answers side by side, each with an adapter of its own. */
async function benchDecode(
  model: BaseModel,
  found: BenchCase,
  options: BenchOptions,
  processorMs?: () => number,
): Promise<Measured> {
  const { adapters: batch, seq, rank } = found;
  const { device } = model;
  const start = workloadAdapter(model.linears(), rank);
  const adapters: FlatAdapter[] = [];
  for (let i = 0; i < batch; i++) adapters.push(await FlatAdapter.load(device, start));
  const opening = performance.now();
  const answers = adapters.map((adapter) => ({ adapter, strength: 1 }));
  const prompt = Array.from(workloadRows(found.model, 1, 8)[0]!.ids);
  const generator = await Generator.create(model, answers, prompt.length + seq);
  try {
    const laps = new Laps(device, processorMs);
    let firstStepMs = 0;
    let tokens = 0;
    const sampling = { maxTokens: seq, stopIds: [], temperature: 0, topP: 1, seed: 0 };
    for await (const { answer, id } of generator.run(prompt, sampling)) {
      if (id === undefined || answer !== 0) continue;
      if (tokens === 0) firstStepMs = performance.now() - opening;
      const timed = ++tokens - options.warm;
      if (timed > 0 && timed % TOKENS_A_TIME !== 0) continue;
      if (timed > 0) laps.end(TOKENS_A_TIME);
      laps.begin();
    }
    const profile = options.wantsKernels ? await generator.profile() : undefined;
    const measured = laps.measured();
    const seconds = measured.msMedian / 1000;
    return {
      ...measured,
      firstStepMs,
      tokensPerSecond: batch / seconds,
      flops: (batch * forwardFlops(found.model, rank)) / seconds,
      weightBytes: model.weights.bytes / seconds,
      plannedBytes: undefined,
      allocatedBytes: undefined,
      dispatches: generator.dispatchCount,
      dispatchesPerLayer: generator.dispatchesPerBlock,
      losses: [],
      reference: undefined,
      kernels: profile?.kernels ?? [],
      kernelsTimedBy: profile?.by,
    };
  } finally {
    generator.destroy();
    for (const adapter of adapters) adapter.destroy();
  }
}
