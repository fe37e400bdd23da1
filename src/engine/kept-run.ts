// What the page's storage holds of a run while it goes, beside its rows and checkpoints, and how to open it again.

import { hashRows } from '../data/hash-rows.ts';
import { unpackRows } from '../data/pack-rows.ts';
import type { TokenRow } from '../data/types.ts';
import type { RunStore } from '../storage/run-store.ts';
import { type Checkpoint, latestCheckpoint } from '../train/checkpoint.ts';
import type { SampleOptions } from './protocol.ts';

export interface KeptRun {
  readonly runId: string;
  readonly adapterName: string;
  readonly baseName: string;
  readonly dataset: { readonly name: string; readonly hash: string };
  readonly samples?: SampleOptions | undefined;
  /** Files of the adapter that it started from, in place of a fresh one. */
  readonly start?: ReadonlyMap<string, Uint8Array> | undefined;
}

/** The interrupted run and where it stands; undefined when there is none, or it had not been kept yet. */
export async function findInterrupted(
  runs: RunStore<KeptRun>,
): Promise<{ readonly run: KeptRun; readonly checkpoint: Checkpoint } | undefined> {
  const run = await runs.interrupted();
  if (run === undefined) return undefined;
  const { checkpoint } = await latestCheckpoint(runs.checkpoints);
  return checkpoint && { run, checkpoint };
}

/** The rows that the run trains on. Throws when they are not the ones that it began with. */
export async function readKeptRows(
  runs: RunStore<KeptRun>,
  { dataset: { name, hash } }: KeptRun,
): Promise<{ readonly name: string; readonly hash: string; readonly rows: readonly TokenRow[] }> {
  const rows = unpackRows(await runs.rows(), name);
  if ((await hashRows(rows)) !== hash)
    throw new Error(`Cannot go on: found changed rows of "${name}" in this browser's storage, need those of the run`);
  return { name, hash, rows };
}
