// Several runs at once over one frozen base: each with its adapter, rows, settings, optimiser, curve and checkpoints. Their steps
// take turns on the device as each is ready, so the host's waiting for one is the device's work on another; the base's weights
// and the work space are there once. A run computes what it would have computed alone, with the same kernels in the same order:
// its losses and its adapter are the same bits.

import type { TokenRow } from '../data/types.ts';
import { planMemory } from '../gpu/plan.ts';
import type { AdapterShape } from '../lora/adapter-tensors.ts';
import type { BaseModel } from '../model/base-model.ts';
import type { TrainSettings } from './recipe.ts';
import { runShape } from './run-shape.ts';
import { promptLength } from './soft-prompt.ts';
import { buildStep } from './train-step.ts';

export interface TogetherMember {
  readonly shape: AdapterShape;
  readonly rows: readonly TokenRow[];
  readonly settings: TrainSettings;
}

/** Work space that holds the steps of any of the members; destroyed when `run` has ended, however it ends. */
export async function withCommonArenas<T>(
  model: BaseModel,
  members: readonly TogetherMember[],
  run: (arenas: readonly GPUBuffer[]) => Promise<T>,
): Promise<T> {
  const { device } = model;
  const arenas: GPUBuffer[] = [];
  try {
    for (const [i, size] of arenaSizes(model, members).entries()) {
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
      arenas.push(await device.allocate(`common arena ${i}`, size, usage));
    }
    return await run(arenas);
  } finally {
    for (const arena of arenas) arena.destroy();
  }
}

/** Bytes of each arena that serves all of them. */
export function arenaSizes(model: BaseModel, members: readonly TogetherMember[]): number[] {
  const { traits } = model.device;
  const sizes: number[] = [];
  for (const { shape, rows, settings } of members) {
    const { arenas } = planMemory(
      buildStep(model, traits, shape, runShape(rows, settings, promptLength({ shape }))).graph,
      traits,
    );
    for (const [i, size] of arenas.entries()) sizes[i] = Math.max(sizes[i] ?? 0, size);
  }
  return sizes;
}
