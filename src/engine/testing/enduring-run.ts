// A short run over a GPU that fails when it is told to; for the tests of training through faults.

import path from 'node:path';
import { expect } from 'vitest';
import { openDawn } from '../../gpu/dawn.node.ts';
import { Device } from '../../gpu/device.ts';
import { type Fault, FaultyGpu } from '../../gpu/testing/faulty-gpu.ts';
import type { Adapter } from '../../lora/adapter.ts';
import { BaseModel } from '../../model/base-model.ts';
import { openModelFolder } from '../../model/model-folder.ts';
import { diskFolder } from '../../model/testing/shared.ts';
import { collectGarbage } from '../../testing/memory-watch.ts';
import { DEFAULT_SETTINGS, type TrainSettings } from '../../train/recipe.ts';
import { patternRows } from '../../train/testing/short-run.ts';
import {
  type EnduringAdapter,
  type OpenBase,
  type RunFault,
  trainThroughFaults,
  trainTogetherThroughFaults,
} from '../train-through-faults.ts';

export const faulty = new FaultyGpu(openDawn());
const MODEL = path.resolve(import.meta.dirname, '../../train/testing/fixtures/llama/model');

export const SETTINGS: TrainSettings = {
  ...DEFAULT_SETTINGS,
  targets: ['q_proj', 'down_proj'],
  rank: 2,
  dropout: 0.1,
  learningRate: 1e-2,
  epochs: 2,
  batchSize: 2,
  validationSplit: 0,
};
export const ROWS = patternRows(6, () => 8);

let live: { device: Device; model: BaseModel } | undefined;
export function closeDevice(): void {
  live?.device.destroy();
  live = undefined;
}

/** The base on a device that is well. */
export async function open(): Promise<BaseModel> {
  if (live !== undefined && live.device.fault === undefined) return live.model;
  live?.device.destroy();
  live = undefined;
  const device = await Device.open(faulty.gpu, { patienceMs: 5000 });
  const quant = { linears: 'q8', embeddings: 'q8' } as const;
  live = { device, model: await BaseModel.open(device, await openModelFolder(diskFolder(MODEL), 'llama'), quant) };
  return live.model;
}

export interface ShortRun extends Partial<EnduringAdapter> {
  readonly keepEvery?: number;
  readonly open?: OpenBase;
}

const keepInMemory = (everySteps: number): EnduringAdapter['keep'] => ({
  ...{ store: undefined, dataHash: 'd', everySteps, everySeconds: 1e9 },
  mostShare: Number.POSITIVE_INFINITY,
});
const bitsOf = (adapter: Adapter) => [...adapter.modules.values()].flatMap((m) => [...m.a, ...m.b]);

export async function train({ keepEvery = 1, open: reopen = open, ...change }: ShortRun = {}) {
  const faults: RunFault[] = [];
  const { adapter, outcome } = await trainThroughFaults(reopen, {
    rows: ROWS,
    settings: SETTINGS,
    hooks: { onEvent() {} },
    keep: keepInMemory(keepEvery),
    onFault: (fault) => faults.push(fault),
    finish: async (trained) => trained,
    ...change,
  });
  return { bits: bitsOf(adapter), outcome, faults };
}

/** Three that are trained at once: other ranks, rates, lengths. Settled as trainTogetherThroughFaults does. */
export async function trainThree(keepEvery: number) {
  const faults: string[] = [];
  const runs = [{}, { rank: 4 }, { learningRate: 3e-3, epochs: 3 }];
  const ends = await trainTogetherThroughFaults(
    open,
    runs.map((change, i) => ({
      rows: ROWS,
      settings: { ...SETTINGS, ...change },
      hooks: { onEvent() {} },
      keep: keepInMemory(keepEvery),
      onFault: ({ message, settings: { checkpointing = 'none' } }) => faults.push(`${i} ${checkpointing} ${message}`),
      finish: async ({ adapter, outcome }) => ({ bits: bitsOf(adapter), outcome }),
    })),
  );
  return { ends, faults };
}

/** A run from the opening of the device on, with a fault or without: what it ends with, and every call that was made. */
export async function trainAnew(armed?: Parameters<FaultyGpu['arm']>[0], change?: ShortRun) {
  closeDevice();
  return trainArmed(armed, change);
}

/** The same where the device is open and well and all shaders are compiled: some 5 % of the time. */
export async function trainAgain(armed?: Parameters<FaultyGpu['arm']>[0], change?: ShortRun) {
  faulty.arm();
  if ((await open()) !== ready) await trainArmed(undefined, change);
  return trainArmed(armed, change);
}

/** The model that a run has ended with. */
let ready: BaseModel | undefined;

async function trainArmed(armed?: Parameters<FaultyGpu['arm']>[0], change?: ShortRun) {
  faulty.arm(armed);
  const result = await train(change);
  ready = live?.model;
  return { ...result, calls: faulty.calls };
}

/** A shader that does not compile is a mistake of ours and ends the run with its name, so none is made there. */
function faultsAt({ name }: FaultyGpu['calls'][number]): readonly Fault[] {
  return /Shader|Pipeline/.test(name) ? ['lost', 'throw'] : ['lost', 'throw', 'validation'];
}

/**
 * A run with a fault at each of the places: it ends with the bits and the outcome of `expected`, which `run` ended with when nothing
 * befell it. Returns how many were noticed.
 */
export async function strikeAt(
  places: readonly number[],
  expected: Awaited<ReturnType<typeof trainAnew>>,
  run: (armed: Parameters<FaultyGpu['arm']>[0]) => ReturnType<typeof trainAnew> = trainAnew,
): Promise<number> {
  let noticed = 0;
  for (const [i, at] of places.entries()) {
    const kinds = faultsAt(expected.calls[at]!);
    const fault = kinds[i % kinds.length]!;
    const place = `${fault} at call ${at}, ${expected.calls[at]!.name}`;
    const { bits, outcome, faults } = await run({ at, fault }).catch((error: Error) => {
      throw new Error(`${place}: ${error.message}`, { cause: error });
    });
    expect(faulty.hasStruck, place).toBe(true);
    expect(bits, place).toEqual(expected.bits);
    expect(outcome, place).toEqual(expected.outcome);
    noticed += Math.min(1, faults.length);
    // Dawn gives a device back when its wrapper is collected, and nothing here presses V8 to do so.
    if (i % 10 === 9) await collectDevices();
  }
  return noticed;
}

/** Of all devices only the open one may still be in memory: a run that loses its GPU often would fill it. */
async function collectDevices(): Promise<void> {
  // Finalisers run between tasks, and a reference that was looked at holds until its task ends.
  const nextTask = () => new Promise((resolve) => setTimeout(resolve, 10));
  for (let tries = 0; tries < 50 && faulty.devicesInMemory > 1; tries++) {
    await nextTask();
    collectGarbage();
    await nextTask();
  }
  expect(faulty.devicesInMemory, 'devices in memory').toBeLessThanOrEqual(1);
}
