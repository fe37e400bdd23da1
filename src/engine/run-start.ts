// The adapter that a run starts from: a state that was kept on the way of another run, or one of the library.

import type { Adapter } from '../lora/adapter.ts';
import { readPeftFolder } from '../lora/files/peft.ts';
import type { BaseModel } from '../model/base-model.ts';
import { fileFromBytes } from '../model/model-file.ts';
import { choiceOf } from '../train/adapter-config-of.ts';
import { withoutMethod } from '../train/adapter-settings.ts';
import type { TrainSettings } from '../train/recipe.ts';
import type { KeptMember } from './kept-run.ts';
import type { RunRecord, RunStart } from './protocol.ts';
import { STATE_RECORD } from './run-recorder.ts';
import type { Session } from './session.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** Throws a sentence when it is gone or does not fit the open base. */
export async function findStart(
  session: Session,
  from: RunStart,
): Promise<{ readonly files: Files; readonly adapter: Adapter; readonly name: string }> {
  if (from.kind === 'state') {
    const { files, record } = await stateOf(session, from);
    return { files, name: record.name, adapter: await readAdapter(session.needModel(), files) };
  }
  const { files, name } = await libraryFiles(session, from);
  return { files, name, adapter: await readAdapter(session.needModel(), files) };
}

/** What an interrupted run started from; undefined: a fresh adapter. */
export async function readStart(session: Session, { start }: KeptMember): Promise<Adapter | undefined> {
  return start && readAdapter(session.needModel(), start);
}

/** What it was trained with, so that training goes on so. */
export function dropoutOf({ config }: Adapter): number {
  return config.peft_type === 'LORA' ? config.lora_dropout : 0;
}

/** A run from an adapter has that adapter's rank, alpha, targets and kind. */
export function withStart(settings: TrainSettings, { config, modules }: Adapter, model: BaseModel): TrainSettings {
  const last = (paths: Iterable<string>) => [
    ...new Set([...paths].map((path) => path.slice(path.lastIndexOf('.') + 1))),
  ];
  const own = last(modules.keys());
  const isAll = last(model.linears().keys()).every((name) => own.includes(name));
  const rest = { ...withoutMethod(settings), ...choiceOf(config) };
  return config.peft_type === 'LORA' ? { ...rest, targets: isAll ? 'all-linear' : own } : rest;
}

/** A state that was kept on the way of a run: the adapter as files, and the run as a checkpoint where that was kept as well. */
export async function stateOf(
  { host }: Session,
  from: Extract<RunStart, { readonly kind: 'state' }>,
): Promise<{ readonly record: RunRecord; readonly files: Files; readonly checkpoint: Uint8Array | undefined }> {
  const [record, kept] = await Promise.all([
    host.archive.record(from.runId),
    host.archive.state(from.runId, from.step),
  ]);
  if (kept === undefined || !record?.keptSteps.includes(from.step))
    throw new Error(`Cannot start from step ${from.step} of that run: found no state of it in this browser's storage`);
  const files = new Map([...kept].filter(([name]) => name !== STATE_RECORD));
  return { record, files, checkpoint: kept.get(STATE_RECORD) };
}

async function libraryFiles({ host }: Session, from: Extract<RunStart, { kind: 'adapter' }>) {
  const record = (await host.adapters.list()).find(({ id }) => id === from.adapterId);
  if (record === undefined) throw new Error(`Cannot start from that adapter: found it no more in the library`);
  return { files: await host.adapters.files(from.adapterId), name: record.name };
}

export async function readAdapter(model: BaseModel, files: Files): Promise<Adapter> {
  const parts = [...files].map(([name, bytes]) => fileFromBytes(name, bytes));
  const { adapter } = await readPeftFolder(parts, model.parts);
  return adapter;
}
