// What the page's storage holds of a run while it goes, beside its rows and checkpoints, and how to open it again.

import { hashRows } from '../data/hash-rows.ts';
import { unpackRows } from '../data/pack-rows.ts';
import type { Prompting } from '../data/prompting.ts';
import type { TokenRow } from '../data/types.ts';
import type { RunStore } from '../storage/run-store.ts';
import { type Checkpoint, latestCheckpoint } from '../train/checkpoint.ts';
import type { TrainSettings } from '../train/recipe.ts';
import type { SampleOptions } from './protocol.ts';

/** One of the adapters that a run trains. */
export interface KeptMember {
  readonly runId: string;
  readonly adapterName: string;
  readonly dataset: {
    readonly name: string;
    readonly hash: string;
    readonly prompting?: Prompting | undefined;
  };
  /** Which of the kept rows it trains on; absent: all. */
  readonly rows?: Uint32Array | undefined;
  /** Files of the adapter that it started from, in place of a fresh one. */
  readonly start?: ReadonlyMap<string, Uint8Array> | undefined;
  /** What it began with, while no checkpoint says so. */
  readonly settings?: TrainSettings | undefined;
  /** It has ended, and its adapter is in the library. */
  readonly adapterId?: string | undefined;
}

/** The first of its adapters, which most runs have alone, and what all of them share. */
export interface KeptRun extends KeptMember {
  readonly baseName: string;
  readonly samples?: SampleOptions | undefined;
  /** Those that train at once with it. */
  readonly others?: readonly KeptMember[] | undefined;
}

export function membersOf(run: KeptRun): readonly KeptMember[] {
  return [run, ...(run.others ?? [])];
}

/** `run` with another entry for the member at `place`. */
export function withMember(run: KeptRun, place: number, change: Partial<KeptMember>): KeptRun {
  if (place === 0) return { ...run, ...change };
  return { ...run, others: run.others?.map((other, i) => (i === place - 1 ? { ...other, ...change } : other)) };
}

/** An adapter of a run that was interrupted, and where it stands. */
export interface FoundMember {
  readonly place: number;
  readonly member: KeptMember;
  /** Undefined: it begins anew, or has ended. */
  readonly checkpoint: Checkpoint | undefined;
  readonly settings: TrainSettings;
}

/** The interrupted run and where it stands; undefined when there is none, or it had not been kept yet. */
export async function findInterrupted(
  runs: RunStore<KeptRun>,
): Promise<{ readonly run: KeptRun; readonly members: readonly FoundMember[] } | undefined> {
  const run = await runs.interrupted();
  if (run === undefined) return undefined;
  const members: FoundMember[] = [];
  for (const [place, member] of membersOf(run).entries()) {
    const { checkpoint } = await latestCheckpoint(runs.checkpoints(place));
    const settings = checkpoint?.settings ?? member.settings;
    if (settings === undefined) return undefined;
    members.push({ place, member, checkpoint, settings });
  }
  const isEnded = ({ member }: FoundMember) => member.adapterId !== undefined;
  const isKept = members.some((found) => found.checkpoint !== undefined || isEnded(found));
  return isKept && !members.every(isEnded) ? { run, members } : undefined;
}

/** The rows that the run trains on, whatever files they came from. */
export async function readKeptRows(runs: RunStore<KeptRun>, run: KeptRun): Promise<readonly TokenRow[]> {
  return unpackRows(await runs.rows(), run.dataset.name);
}

/** Those of one of its adapters. Throws when they are not the ones that it began with. */
export async function ownRows(
  all: readonly TokenRow[],
  { rows: own, dataset }: KeptMember,
): Promise<KeptMember['dataset'] & { readonly rows: readonly TokenRow[] }> {
  const { name, hash } = dataset;
  const rows = own === undefined ? all : [...own].flatMap((index) => all[index] ?? []);
  if ((await hashRows(rows)) !== hash)
    throw new Error(`Cannot go on: found changed rows of "${name}" in this browser's storage, need those of the run`);
  return { ...dataset, rows };
}
