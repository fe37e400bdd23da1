// Where the command line keeps a run while it goes: `.graft-checkpoint` in the folder that will get the adapter. The folder
// is made when a run begins and removed when its adapter has been written, so that its being there means: interrupted.

import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { openCheckpointFolder } from '../storage/node.ts';
import { type Checkpoint, type CheckpointStore, latestCheckpoint, NewerCheckpointError } from '../train/checkpoint.ts';

const NAME = '.graft-checkpoint';

export interface RunFolder {
  readonly store: CheckpointStore;
  /** Where to go on; undefined: at the beginning. */
  readonly checkpoint: Checkpoint | undefined;
  /** What the user should know of what was found there. */
  readonly notices: readonly string[];
  /** Marks the run as begun. */
  begin(): Promise<void>;
}

/** Throws a sentence when there is nothing to go on with, nothing of it is whole, or a newer version has written it. */
export async function openRunFolder(out: string, resume: boolean): Promise<RunFolder> {
  const folder = path.join(out, NAME);
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  if (resume && !isThere) throw new Error(`Cannot go on: found no interrupted run in "${out}", need one`);
  const store = openCheckpointFolder(folder);
  const begin = async () => void (await mkdir(folder, { recursive: true }));
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
    return { store, checkpoint: undefined, notices, begin };
  }
  if (checkpoint === undefined && refused.length > 0)
    throw new Error(`Cannot go on: no checkpoint in "${folder}" is whole (${refused.join('; ')})`);
  const notices = refused.map((reason) => `${reason}; going on from the one before it`);
  if (checkpoint === undefined) notices.push('the run was interrupted before its first checkpoint: it begins anew');
  return { store, checkpoint, notices, begin };
}
