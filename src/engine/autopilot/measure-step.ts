// How fast this device makes steps over this base: two or three short steps of different lengths, timed. A step's time is then
// taken as a fixed part and a part that grows with its arithmetic: ms = overhead + flops / rate. The steps have rate 0 and an
// adapter of their own; nothing of them stays.

import { makeBatch } from '../../data/make-batch.ts';
import type { TokenRow } from '../../data/types.ts';
import { FlatAdapter } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { DEFAULT_SETTINGS } from '../../train/recipe.ts';
import { buildStep, TrainStep } from '../../train/train-step.ts';
import { newAdapter } from '../train-adapter.ts';
import { countFlops } from './count-flops.ts';

export interface StepRate {
  /** Milliseconds of a step beside its arithmetic: submitting, waiting, small kernels. */
  readonly overheadMs: number;
  readonly flopsPerMs: number;
}

/** Tokens of the steps that are timed; the longest is left out when the one before it took long. */
const LENGTHS = [32, 128, 512] as const;
const ROW = 32;
/** For each length: compiled and warm after one step, then timed for so long, at least twice. */
const EACH_MS = 350;
const TOO_LONG_MS = 300;

export async function measureStep(model: BaseModel): Promise<StepRate> {
  const adapter = await newAdapter(model, DEFAULT_SETTINGS);
  const flat = await FlatAdapter.load(model.device, adapter);
  const vocabulary = model.config.vocab;
  const rows: TokenRow[] = Array.from({ length: LENGTHS.at(-1)! / ROW }, (_, row) => ({
    file: 'calibration',
    line: row + 1,
    ids: Int32Array.from({ length: ROW }, (_, t) => (row * 7919 + t * 104_729) % vocabulary),
    mask: new Uint8Array(ROW).fill(1),
  }));
  const points: { flops: number; ms: number }[] = [];
  try {
    for (const columns of LENGTHS) {
      const shape = { columns, positions: ROW, dropout: 0, weightDecay: 0 };
      const step = await TrainStep.create(model, flat, shape);
      try {
        const indices = Array.from({ length: columns / ROW }, (_, i) => i);
        const batch = makeBatch(rows, indices, columns);
        const time = async () => {
          const began = performance.now();
          await step.run([batch], { lr: 0, update: 1, clip: 0, seed: 0 });
          return performance.now() - began;
        };
        await time();
        const began = performance.now();
        let ms = Math.min(await time(), await time());
        while (performance.now() - began < EACH_MS) ms = Math.min(ms, await time());
        const { graph } = buildStep(model, model.device.traits, adapter, shape);
        points.push({ flops: countFlops(graph, batch.supervised), ms });
        if (ms > TOO_LONG_MS) break;
      } finally {
        step.destroy();
      }
    }
  } finally {
    flat.destroy();
  }
  return fitLine(points);
}

/**
 * Arithmetic by what the last two points differ in, the fixed part by what the shortest step took beside it. Where longer steps
 * took no longer, noise or waiting is all there is: the shortest time is the fixed part then.
 */
export function fitLine(points: readonly { readonly flops: number; readonly ms: number }[]): StepRate {
  const [first, last, before] = [points[0]!, points.at(-1)!, points.at(-2)];
  const slope = before && (last.ms - before.ms) / (last.flops - before.flops);
  if (slope === undefined) return { overheadMs: 0, flopsPerMs: last.flops / last.ms };
  if (!(slope > 0)) return { overheadMs: Math.min(...points.map(({ ms }) => ms)), flopsPerMs: last.flops / last.ms };
  return { overheadMs: Math.max(0, first.ms - first.flops * slope), flopsPerMs: 1 / slope };
}
