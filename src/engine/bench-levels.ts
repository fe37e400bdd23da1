// What recomputing blocks costs: the same step at every level of checkpointing, by turns, so that whatever else a machine does
// falls on all of them. Of rate 0: every level makes the same step, and its loss has to be the same to the bit.

import { makeBatch, trainedLength } from '../data/make-batch.ts';
import type { Device } from '../gpu/device.ts';
import type { Checkpointing } from '../gpu/recompute.ts';
import { FlatAdapter } from '../lora/flat-adapter.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { CHECKPOINTING } from '../train/recipe.ts';
import { sizeClass } from '../train/run-shape.ts';
import { planStep, TrainStep } from '../train/train-step.ts';
import { parseCase } from './bench.ts';
import { median } from './bench-laps.ts';
import { workloadAdapter, workloadFiles, workloadRows } from './bench-workload.ts';
import type { BenchOptions } from './protocol/bench.ts';

export interface LevelResult {
  readonly level: Checkpointing;
  /** Of each turn. */
  readonly times: readonly number[];
  /** Median of the turns' ratios to the step that recomputes nothing. */
  readonly ratio: number;
  /** The same of processor time, which other programs hardly change; undefined without a clock for it. */
  readonly processorRatio: number | undefined;
  readonly activationBytes: number;
  readonly dispatches: number;
  readonly loss: number;
}

export async function benchLevels(
  device: Device,
  name: string,
  { warm, steps, quant }: Pick<BenchOptions, 'warm' | 'steps' | 'quant'>,
  /** Of this process so far: what a software adapter has worked. */
  processorMs?: () => number,
): Promise<LevelResult[]> {
  const found = parseCase(name);
  if (found.kind !== 'step') throw new RangeError(`Cannot compare levels of "${name}": need a training step`);
  const { batch, seq, rank } = found;
  const folder = await openModelFolder(workloadFiles(found.model), name);
  const model = await BaseModel.open(device, folder, { linears: quant, embeddings: quant });
  const start = workloadAdapter(model.linears(), rank);
  const adapter = await FlatAdapter.load(device, start);
  const rows = workloadRows(found.model, batch, seq);
  const columns = sizeClass(batch * seq);
  const input = makeBatch(rows, [...rows.keys()], columns, trainedLength);
  const shapeAt = (checkpointing: Checkpointing) => ({ columns, positions: seq, dropout: 0, checkpointing });
  const made: {
    readonly level: Checkpointing;
    readonly step: TrainStep;
    times: number[];
    worked: number[];
    loss: number;
  }[] = [];
  try {
    for (const level of CHECKPOINTING) {
      const step = await TrainStep.create(model, adapter, { ...shapeAt(level), weightDecay: 0 });
      made.push({ level, step, times: [], worked: [], loss: 0 });
    }
    for (let turn = 0; turn < warm + steps; turn++)
      for (const one of made) {
        const began = performance.now();
        const workedBefore = processorMs?.() ?? 0;
        one.loss = (await one.step.run([input], { lr: 0, update: 1, clip: 0, seed: 0 })).loss;
        if (turn < warm) continue;
        one.times.push(performance.now() - began);
        one.worked.push((processorMs?.() ?? 0) - workedBefore);
      }
    const [whole] = made;
    const ratioOf = (of: readonly number[], to: readonly number[]) => median(of.map((ms, turn) => ms / to[turn]!));
    return made.map(({ level, step, times, worked, loss }) => ({
      level,
      times,
      ratio: ratioOf(times, whole!.times),
      processorRatio: processorMs && ratioOf(worked, whole!.worked),
      activationBytes: planStep(model, device.traits, start, shapeAt(level)).activations,
      dispatches: step.dispatchCount,
      loss,
    }));
  } finally {
    for (const { step } of made) step.destroy();
    adapter.destroy();
    model.destroy();
  }
}
