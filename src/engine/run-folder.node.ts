// Where the command line keeps a run while it goes: `.graft-checkpoint` in the folder that will get the adapter. The folder
// is made when a run begins and removed when its adapter has been written, so that its being there means: interrupted.

import { existsSync } from 'node:fs';
import { access, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { TokenRow } from '../data/types.ts';
import type { Adapter } from '../lora/adapter.ts';
import { readPeftFolder } from '../lora/files/peft.ts';
import type { BaseModel } from '../model/base-model.ts';
import type { ModelFile } from '../model/model-file.ts';
import { claimedBy, claimFolder } from '../storage/claim-folder.node.ts';
import { openCheckpointFolder, openModelFiles, writeFolder } from '../storage/node.ts';
import { checkAdapterFolder } from '../storage/refuse-folder.node.ts';
import { type Checkpoint, type CheckpointStore, latestCheckpoint } from '../train/checkpoint.ts';
import { NewerCheckpointError } from '../train/checkpoint-head.ts';
import type { TrainSettings } from '../train/recipe.ts';
import { startFromRows } from './start-from-rows.ts';

const NAME = '.graft-checkpoint';
const START = 'start';
/** Names the process that trains into the folder. */
const CLAIM = 'process';

export interface RunFolder {
  readonly store: CheckpointStore;
  /** Where to go on; undefined: at the beginning. */
  readonly checkpoint: Checkpoint | undefined;
  /** What the user should know of what was found there. */
  readonly notices: readonly string[];
  /** What a run began with where that followed from its rows; it goes on with the same. */
  readonly start: readonly ModelFile[] | undefined;
  /** Marks the run as begun, and keeps what it begins with, if that is not a fresh adapter or one that it is given again. */
  begin(start?: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** Another process may train into the folder. */
  end(): Promise<void>;
}

/**
 * Throws a sentence when another process is training into the folder or it is no adapter's, when there is nothing to go on with,
 * nothing of it is whole, or a newer version has written it.
 */
export async function openRunFolder(out: string, resume: boolean): Promise<RunFolder> {
  const folder = path.join(out, NAME);
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  if (resume && !isThere) throw new Error(`Cannot go on: found no interrupted run in "${out}", need one`);
  const isReplaced = !isThere && (await checkAdapterFolder(out));
  const store = openCheckpointFolder(folder);
  const startFolder = path.join(folder, START);
  const claim = path.join(folder, CLAIM);
  const refuseOther = (pid: number | undefined) => {
    if (pid === undefined) return;
    throw new Error(
      `Cannot train into "${out}": found process ${pid} training there, need another folder, or its end (if it is no run of Graft, remove "${claim}")`,
    );
  };
  refuseOther(await claimedBy(claim));
  let release = async () => {};
  const begin = async (start?: ReadonlyMap<string, Uint8Array>) => {
    await mkdir(folder, { recursive: true });
    const claimed = await claimFolder(claim);
    if ('heldBy' in claimed) return refuseOther(claimed.heldBy);
    release = claimed.release;
    if (!resume) await rm(startFolder, { recursive: true, force: true });
    if (start === undefined) return;
    await writeFolder(
      startFolder,
      [...start].map(([name, bytes]) => ({ name, bytes })),
    );
  };
  const end = () => release();
  const { checkpoint, refused } = await latestCheckpoint(store).catch((error: Error) => {
    if (!(error instanceof NewerCheckpointError)) throw error;
    throw new Error(
      `Cannot train into "${out}": found an interrupted run of a newer version of Graft, need that version or another folder`,
      { cause: error },
    );
  });
  if (!resume) {
    const found = checkpoint && `found a run in "${out}" that was interrupted at step ${checkpoint.steps.length}`;
    const notices = found === undefined ? [] : [`${found}; this run replaces it (--resume would go on with it)`];
    if (isReplaced) notices.push(`found an adapter in "${out}"; this run replaces it when it is done`);
    return { store, checkpoint: undefined, notices, start: undefined, begin, end };
  }
  if (checkpoint === undefined && refused.length > 0)
    throw new Error(`Cannot go on: no checkpoint in "${folder}" is whole (${refused.join('; ')})`);
  const notices = refused.map((reason) => `${reason}; going on from the one before it`);
  if (checkpoint === undefined) notices.push('the run was interrupted before its first checkpoint: it begins anew');
  // A start lies there whole before the first checkpoint does; without one it is found anew.
  const start = checkpoint && existsSync(startFolder) ? await openModelFiles(startFolder) : undefined;
  return { store, checkpoint, notices, start, begin, end };
}

/** What a run begins with where that follows from its rows: kept in its folder, or found now, to be kept by `begin`. */
export async function rowsStartIn(
  folder: RunFolder,
  model: BaseModel,
  rows: readonly TokenRow[],
  settings: TrainSettings,
  hooks: { readonly signal: AbortSignal; say(progress: string): void },
): Promise<{ readonly adapter: Adapter; readonly files?: ReadonlyMap<string, Uint8Array> } | undefined> {
  if (folder.start !== undefined) return { adapter: (await readPeftFolder(folder.start, model.parts)).adapter };
  const found = await startFromRows(model, rows, settings, { signal: hooks.signal, say: sparingly(hooks.say) });
  if (found !== undefined) hooks.say(found.outcome);
  return found;
}

/** A line of a terminal stays: the first of them, and one in ten seconds. */
function sparingly(say: (line: string) => void): (line: string) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (line) => {
    if (performance.now() - last < 10_000) return;
    last = performance.now();
    say(line);
  };
}
