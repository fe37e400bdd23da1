// A run that goes on where another one stood: with its adapter, both of its Adam moments, and its place in the data.

import type { Dataset } from '../data/load-dataset.ts';
import type { Adapter } from '../lora/adapter.ts';
import { decodeCheckpoint } from '../train/checkpoint.ts';
import { type Fork, forkCheckpoint } from '../train/fork-checkpoint.ts';
import { type TrainSettings, totalSteps } from '../train/recipe.ts';
import { splitRows } from '../train/split-rows.ts';
import type { RunStart } from './protocol.ts';
import { STATE_RECORD } from './run-recorder.ts';
import { readAdapter, stateOf, withStart } from './run-start.ts';
import type { Session } from './session.ts';
import { beginsFromRows } from './start-from-rows.ts';
import { identify, isSameDevice, newShape } from './train-adapter.ts';

type Files = ReadonlyMap<string, Uint8Array>;

export interface FoundFork extends Fork {
  readonly name: string;
  /** The adapter whose place and kind it has; undefined: that of a fresh one. */
  readonly start: { readonly files: Files; readonly adapter: Adapter } | undefined;
  /** The settings as they are with that start. */
  readonly asked: TrainSettings;
  /** The device makes the bits that the other one made. */
  readonly isSameDevice: boolean;
}

/** Throws a sentence that says why the state cannot be gone on from with these settings and rows. */
export async function findFork(
  session: Session,
  from: Extract<RunStart, { readonly kind: 'state' }>,
  settings: TrainSettings,
  { rows, hash }: Pick<Dataset, 'rows' | 'hash'>,
): Promise<FoundFork> {
  const { record, files, checkpoint: bytes } = await stateOf(session, from);
  if (bytes === undefined)
    throw new Error(
      `Cannot go on from step ${from.step}: found its adapter alone, need its optimiser (${STATE_RECORD})`,
    );
  const checkpoint = await decodeCheckpoint(bytes);
  const model = session.needModel();
  // A run from a fresh adapter begins with the fresh one again: what was random in it follows from the seed. One whose ranks were found
  // on its rows keeps them.
  const isFound = beginsFromRows(model, settings);
  const start = record.from || isFound ? { files, adapter: await readAdapter(model, files) } : undefined;
  const asked = start === undefined || isFound ? settings : withStart(settings, start.adapter, model);
  const identity = await identify(model, start?.adapter ?? newShape(model, asked), hash);
  const total = totalSteps(splitRows(rows, asked).train.length, asked);
  const fork = forkCheckpoint(checkpoint, { settings: asked, identity, totalSteps: total });
  return { ...fork, name: record.name, start, asked, isSameDevice: isSameDevice(checkpoint, session.needDevice()) };
}
