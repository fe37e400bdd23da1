// The adapter that a run starts from: a state that was kept on the way of another run, or one of the library.

import type { Adapter } from '../lora/adapter.ts';
import { readPeftFolder } from '../lora/files/peft.ts';
import type { BaseModel } from '../model/base-model.ts';
import { fileFromBytes } from '../model/model-file.ts';
import { choiceOf, withoutMethod } from '../train/adapter-settings.ts';
import type { TrainSettings } from '../train/recipe.ts';
import type { KeptMember } from './kept-run.ts';
import type { RunStart } from './protocol.ts';
import type { Session } from './session.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** Throws a sentence when it is gone or does not fit the open base. */
export async function findStart(
  session: Session,
  from: RunStart,
): Promise<{ readonly files: Files; readonly adapter: Adapter; readonly name: string }> {
  const { files, name } = await (from.kind === 'state' ? stateFiles(session, from) : libraryFiles(session, from));
  return { files, name, adapter: await read(session.needModel(), files) };
}

/** What an interrupted run started from; undefined: a fresh adapter. */
export async function readStart(session: Session, { start }: KeptMember): Promise<Adapter | undefined> {
  return start && read(session.needModel(), start);
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

async function stateFiles({ host }: Session, from: Extract<RunStart, { kind: 'state' }>) {
  const [record, files] = await Promise.all([
    host.archive.record(from.runId),
    host.archive.state(from.runId, from.step),
  ]);
  if (record === undefined || files === undefined)
    throw new Error(`Cannot start from step ${from.step} of that run: found no state of it in this browser's storage`);
  return { files, name: record.name };
}

async function libraryFiles({ host }: Session, from: Extract<RunStart, { kind: 'adapter' }>) {
  const record = (await host.adapters.list()).find(({ id }) => id === from.adapterId);
  if (record === undefined) throw new Error(`Cannot start from that adapter: found it no more in the library`);
  return { files: await host.adapters.files(from.adapterId), name: record.name };
}

async function read(model: BaseModel, files: Files): Promise<Adapter> {
  const parts = [...files].map(([name, bytes]) => fileFromBytes(name, bytes));
  const { adapter } = await readPeftFolder(parts, model.parts);
  return adapter;
}
