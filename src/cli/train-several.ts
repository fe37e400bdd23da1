// graft train --config with several adapters: up to four at once over one base, each with its own settings, rows, curve and
// checkpoints, into a folder of its own.

import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  checkDataFiles,
  type EnduringMember,
  openRunFolder,
  type Recipe,
  type RunFolder,
  savePeftFolder,
  type TrainEvent,
  type Trained,
  type TrainSettings,
  trainTogetherThroughFaults,
} from '../engine/node.ts';
import { type LiveModel, openLiveModel } from './live-model.ts';
import { enduringRun, pastOf, type ReadyRun, readyRun } from './ready-run.ts';
import { stopOnSignals } from './stop-signals.ts';
import { describeEnd, describeMeasure, openLogFile, type SharedLog, sharedLog } from './train-log.ts';
import { readBudget, readCheckpointEvery, readSettings } from './train-settings.ts';
import { type Parsed, UsageError } from './usage.ts';

/** Each is written when it is ready. Throws when one of them failed, after all others have ended. */
export async function trainSeveral(flags: Parsed, recipe: Recipe, out: string): Promise<void> {
  const budgetBytes = readBudget(flags);
  readCheckpointEvery(flags); // what is wrong with it is said before a model is opened
  const asked = readAdapters(flags, recipe, out);
  const members = [];
  for (const adapter of asked)
    if (isEnded(flags, adapter)) console.error(`${adapter.name}: is ready in ${adapter.out}`);
    else members.push({ ...adapter, folder: await openMemberFolder(flags, adapter) });
  if (members.length === 0) return;
  await checkDataFiles(members.flatMap(({ files }) => files));

  const live = await openLiveModel(flags);
  const stop = stopOnSignals();
  const file = openLogFile(flags.text('log'), (line) => console.error(line));
  try {
    file.begin('');
    const log = sharedLog(file);
    const ready = await readyMembers(flags, live, members, { log, budgetBytes, signal: stop.signal });
    await trainMembers(flags, out, live, ready);
  } finally {
    for (const { folder } of members) await folder.end();
    stop.release();
    live.close();
  }
}

/** An adapter of the recipe, and the folder that it is written to. */
interface Asked {
  readonly name: string;
  readonly out: string;
  readonly settings: TrainSettings;
  readonly files: readonly string[];
}

function readAdapters(flags: Parsed, recipe: Recipe, out: string): readonly Asked[] {
  const adapters = recipe.adapters ?? [];
  if (flags.text('init-adapter') !== undefined)
    throw new UsageError('Cannot run graft train: found --init-adapter with several adapters, need one adapter');
  const nowhere = adapters.find(({ files }) => files === undefined && flags.list('data').length === 0);
  if (nowhere !== undefined)
    throw new UsageError(
      `Cannot run graft train: found no --data and no files for "${nowhere.name}", need one of them`,
    );
  return adapters.map(({ name, settings, files }) => ({
    name,
    out: path.join(out, name),
    settings: readSettings(flags, recipe, settings),
    files: files ?? flags.list('data'),
  }));
}

/** Of those that --resume goes on with: one that has ended needs no second run. */
function isEnded(flags: Parsed, { out }: Asked): boolean {
  return flags.has('resume') && existsSync(path.join(out, 'adapter_config.json')) && !isInterrupted(out);
}

function isInterrupted(out: string): boolean {
  return existsSync(path.join(out, '.graft-checkpoint'));
}

async function openMemberFolder(flags: Parsed, { name, out }: Asked): Promise<RunFolder> {
  const folder = await openRunFolder(out, flags.has('resume') && isInterrupted(out));
  for (const notice of folder.notices) console.error(`${name}: ${notice}`);
  return folder;
}

interface ReadyMember extends Asked {
  readonly run: ReadyRun;
  readonly member: Omit<EnduringMember<unknown>, 'finish'>;
}

/** Makes all ready, one after the other, and marks their folders as begun. */
async function readyMembers(
  flags: Parsed,
  live: LiveModel,
  members: readonly (Asked & { readonly folder: RunFolder })[],
  { log, signal, budgetBytes }: { readonly log: SharedLog; readonly signal: AbortSignal; readonly budgetBytes: number },
): Promise<readonly ReadyMember[]> {
  const ready: ReadyMember[] = [];
  let leftBytes = budgetBytes;
  for (const asked of members) {
    const { name } = asked;
    const say = (line: string) => console.error(`${name}: ${line}`);
    const run = await readyRun(flags, live, { ...asked, say }, { signal, budgetBytes: leftBytes });
    // What they share is there once: of each one more, its adapter counts.
    leftBytes -= run.adapterBytes;
    say(`rank ${run.settings.rank}, learning rate ${run.settings.learningRate}`);
    for (const event of pastOf(run)) log.add(name, event);
    await run.folder.begin(run.startFiles);
    const tell = tellTenths(say);
    const onEvent = (event: TrainEvent) => {
      log.add(name, event);
      tell(event);
    };
    const onBack = (past: readonly TrainEvent[]) => log.goBack(name, past);
    ready.push({ ...asked, run, member: enduringRun(flags, run, { signal, onEvent, onBack }) });
  }
  return ready;
}

/** A line for each tenth of a run: bars of several runs would overwrite one another. */
function tellTenths(say: (line: string) => void): (event: TrainEvent) => void {
  let told = 0;
  return (event) => {
    const measured = describeMeasure(event);
    if (measured !== undefined) say(measured);
    if (event.type !== 'step') return;
    const tenth = Math.floor((10 * event.step) / event.totalSteps);
    if (tenth === told) return;
    told = tenth;
    say(`${event.step}/${event.totalSteps}  loss ${event.loss.toFixed(4)}`);
  };
}

async function trainMembers(flags: Parsed, out: string, live: LiveModel, ready: readonly ReadyMember[]): Promise<void> {
  const failures: string[] = [];
  const results = await trainTogetherThroughFaults(
    live.open,
    ready.map(({ name, out: own, run, member }) => ({
      ...member,
      async finish(trained: Trained) {
        const { curve: _, ...outcome } = trained.outcome;
        // An adapter that has learned nothing takes the place of none.
        if (outcome.steps > 0) await savePeftFolder(own, live.model, run.settings, run.data, trained);
        if (!(outcome.stopped && outcome.trouble === undefined)) await run.folder.store.clear();
        if (outcome.trouble !== undefined) failures.push(`"${name}": ${outcome.trouble}`);
        run.say(describeEnd(outcome, own));
        return { name, out: own, ...outcome };
      },
    })),
  );
  const reports = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  for (const [i, result] of results.entries())
    if (result.status === 'rejected') failures.push(`"${ready[i]!.name}": ${(result.reason as Error).message}`);
  if (flags.has('json')) console.log(JSON.stringify({ out, adapters: reports }));
  if (failures.length > 0) throw new Error(`Cannot train all of them: ${failures.join('; ')}`);
}
