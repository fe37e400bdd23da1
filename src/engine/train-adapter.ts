// Settings and rows → a trained adapter: creates (or takes) the initial A and B, trains them on the device, reads them back.

import type { TokenRow } from '../data/types.ts';
import type { Device } from '../gpu/device.ts';
import type { Adapter } from '../lora/adapter.ts';
import type { AdapterConfig } from '../lora/adapter-config.ts';
import { type AdapterShape, withTensors } from '../lora/adapter-tensors.ts';
import { isEva, largestPlacement } from '../lora/eva/eva-placement.ts';
import { FlatAdapter, fromRecordOrder, splitFlat } from '../lora/flat-adapter.ts';
import { placeAdapter } from '../lora/place-adapter.ts';
import { plainLora } from '../lora/plain-lora.ts';
import { startAdapter } from '../lora/start-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { adapterConfigOf } from '../train/adapter-config-of.ts';
import type { AdapterChoice } from '../train/adapter-settings.ts';
import { MOST_TOGETHER } from '../train/apply-recipe.ts';
import { checkSettings } from '../train/check-settings.ts';
import { type Checkpoint, hashLayout, type RunIdentity, whyNotResume } from '../train/checkpoint.ts';
import type { TrainSettings } from '../train/recipe.ts';
import type { CheckpointOptions } from '../train/run-journal.ts';
import { runShape } from '../train/run-shape.ts';
import { type RunHooks, type RunOutcome, runTraining } from '../train/run-training.ts';
import { promptLength } from '../train/soft-prompt.ts';
import { withCommonArenas } from '../train/train-together.ts';
import { type ForgettingWatch, watchForgetting } from './lab/watch-forgetting.ts';
import { measureProbe, type Probe } from './receipt/probe.ts';

export interface Trained {
  readonly adapter: Adapter;
  readonly outcome: RunOutcome;
  /** Its logits while it was still on the device; undefined when they could not be measured. */
  readonly probe: Probe | undefined;
}

/** The config of a new adapter on this base. */
export function configFor(
  { folder, family }: Pick<BaseModel, 'folder' | 'family'>,
  choice: AdapterChoice,
): AdapterConfig {
  return adapterConfigOf(choice, { name: folder.name, fanInFanOut: family.fanInFanOut });
}

/**
 * The shape of a fresh adapter, before it has numbers; where ranks depend on the rows (EVA), the largest possible. Throws when no
 * target matches.
 */
export function newShape(model: Pick<BaseModel, 'folder' | 'family' | 'parts'>, choice: AdapterChoice): AdapterShape {
  const config = configFor(model, choice);
  const placed = placeAdapter(config, model.parts);
  return config.peft_type === 'LORA' && isEva(config) ? largestPlacement(config, placed) : placed;
}

/**
 * A fresh adapter for these settings; its random numbers depend on the seed only. Throws when no target matches, and for one that
 * depends on the rows (start-from-rows.ts).
 */
export function newAdapter(model: BaseModel, choice: AdapterChoice & Pick<TrainSettings, 'seed'>): Promise<Adapter> {
  return startAdapter(model, configFor(model, choice), choice.seed);
}

export interface TrainHooks extends Omit<RunHooks, 'onAllocated' | 'forgetting'> {
  /** The adapter on the device before its first step; it is destroyed when the run has ended. */
  onAdapter?(flat: FlatAdapter, adapter: Adapter): void;
  /** Everything needed has been allocated: bytes on the device, including the base's weights and whatever trains beside it. */
  onAllocated?(bytes: number): void;
}

/** How checkpoints of a run are kept; the identity of its base, rows and device is added here. */
export interface KeepOptions extends Omit<CheckpointOptions, 'identity'> {
  /** SHA-256 of the rows. */
  readonly dataHash: string;
}

export interface AdapterRun {
  readonly rows: readonly TokenRow[];
  readonly settings: TrainSettings;
  readonly hooks: TrainHooks;
  /** Used as it is, with its own rank, alpha and targets; without it a fresh adapter is made. */
  readonly start?: Adapter | undefined;
  readonly keep?: KeepOptions | undefined;
}

/** Trains one adapter. If the run cannot resume from `keep.resumeFrom`, throws an error that names what differs. */
export function trainAdapter(model: BaseModel, run: AdapterRun): Promise<Trained> {
  return train(model, run, (held) => run.hooks.onAllocated?.(heldBytes(model, [held])));
}

/** What a run holds on the device beside the base's weights. */
interface Held {
  readonly bytes: number;
  /** Row lengths that its programs have tables for, which others may share. */
  readonly positions: readonly number[];
}

function heldBytes(model: BaseModel, held: readonly Held[], arenas: readonly GPUBuffer[] = []): number {
  const { weights, tables } = model.bytesFor(...held.flatMap(({ positions }) => positions));
  const sum = (sizes: readonly number[]) => sizes.reduce((a, b) => a + b, 0);
  return weights + tables + sum(held.map(({ bytes }) => bytes)) + sum(arenas.map(({ size }) => size));
}

async function train(
  model: BaseModel,
  { rows, settings, hooks, start, keep }: AdapterRun,
  onHeld: (held: Held) => void,
  arenas?: readonly GPUBuffer[],
): Promise<Trained> {
  checkSettings(settings);
  const adapter = start ?? (await newAdapter(model, settings));
  const checkpoints = keep && { ...keep, identity: await identify(model, adapter, keep.dataHash) };
  if (checkpoints?.resumeFrom !== undefined) {
    const problem = whyNotResume(checkpoints.resumeFrom, { settings, identity: checkpoints.identity });
    if (problem !== undefined) throw new Error(problem);
  }
  const flat = await FlatAdapter.load(model.device, adapter);
  const every = settings.forgettingEvery ?? 0;
  let watch: ForgettingWatch | undefined;
  try {
    hooks.onAdapter?.(flat, adapter);
    watch = every > 0 ? await watchForgetting(model, flat, every) : undefined;
    const { positions } = runShape(rows, settings, promptLength(flat));
    const watched: RunHooks = {
      ...hooks,
      forgetting: watch,
      onAllocated: (bytes) =>
        onHeld({ bytes: bytes + (watch?.bytes ?? 0), positions: watch ? [positions, watch.positions] : [positions] }),
    };
    const outcome = await runTraining(model, flat, { rows, settings, hooks: watched, checkpoints, arenas });
    const trained = plainLora(withTensors(adapter, await flat.read()));
    return { adapter: trained, outcome, probe: await measureProbe(model, flat).catch(() => undefined) };
  } finally {
    watch?.destroy();
    flat.destroy();
  }
}

/** One of several adapters that are trained at once. */
export interface TogetherRun extends AdapterRun {
  /** Called when it has stopped training, whether it succeeded or failed. */
  onEnd?(): void;
  /** Awaited when it has succeeded, while others may still be training. An error thrown here replaces the adapter. */
  finish?(trained: Trained): Promise<void>;
}

/**
 * Trains up to MOST_TOGETHER adapters at once over one base, each with the same bits as `trainAdapter` would give. If one fails,
 * the others continue, and its error takes its place in the result.
 */
export async function trainTogether(
  model: BaseModel,
  runs: readonly TogetherRun[],
): Promise<PromiseSettledResult<Trained>[]> {
  if (runs.length === 0 || runs.length > MOST_TOGETHER)
    throw new RangeError(`Cannot train at once: found ${runs.length} adapters, need 1 to ${MOST_TOGETHER}`);
  for (const { settings } of runs) checkSettings(settings);
  const members = runs.map(({ rows, settings, start }) => ({
    rows,
    settings,
    shape: start ?? newShape(model, settings),
  }));
  return withCommonArenas(model, members, (arenas) => {
    const held = new Map<number, Held>();
    return Promise.allSettled(
      runs.map(async (run, i) => {
        const onHeld = (own: Held) => {
          held.set(i, own);
          run.hooks.onAllocated?.(heldBytes(model, [...held.values()], arenas));
        };
        const trained = await train(model, run, onHeld, arenas).finally(() => run.onEnd?.());
        await run.finish?.(trained);
        return trained;
      }),
    );
  });
}

/** The adapter as of a checkpoint. `start`: what its run began with, if not a fresh adapter. Throws when the base is another one. */
export async function adapterOf(model: BaseModel, checkpoint: Checkpoint, start?: Adapter): Promise<Adapter> {
  const { settings, identity, state } = checkpoint;
  const adapter = start ?? (await newAdapter(model, settings));
  const now = await identify(model, adapter, identity.data);
  const problem = whyNotResume(checkpoint, { settings, identity: now });
  if (problem !== undefined) throw new Error(problem);
  return plainLora(withTensors(adapter, splitFlat(adapter, fromRecordOrder(adapter, state.params))));
}

/** True when a run that resumes here makes the same bits as it would have made where it was interrupted. */
export function isSameDevice({ identity }: Checkpoint, device: Device): boolean {
  return identity.device === describeDevice(device);
}

/** What a run's numbers depend on, for an adapter of this shape. `data`: the hash of its rows. */
export async function identify(model: BaseModel, adapter: AdapterShape, data: string): Promise<RunIdentity> {
  return {
    base: model.weights.hash,
    data,
    layout: await hashLayout(adapter),
    device: describeDevice(model.device),
    deviceName: model.device.name,
  };
}

/** GPU, driver, kernel choices, and the browser or Node with its WebGPU: any of them may change rounding. */
function describeDevice({ info, traits }: Device): string {
  const { vendor, architecture, device, description } = info;
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } };
  const runtime = navigator?.userAgent ?? '';
  return JSON.stringify([vendor, architecture, device, description, traits, runtime]);
}
