// graft train --config with several adapters: up to four at once over one base, each with its own settings, rows, curve and
// checkpoints, into a folder of its own.

import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  type Adapter,
  type LoadedRows,
  loadRows,
  newShape,
  openRunFolder,
  pastEvents,
  type Recipe,
  type RunFault,
  rowsStartIn,
  savePeftFolder,
  settleForRows,
  type TrainEvent,
  type Trained,
  type TrainSettings,
  trainTogetherThroughFaults,
} from '../engine/node.ts';
import { openFlaggedModel } from './model-flags.ts';
import { describeEnd, logLine, openLogFile, sayProblems } from './train-log.ts';
import { checkBudget, readBudget, readCheckpointEvery, readSettings } from './train-settings.ts';
import { type Parsed, UsageError } from './usage.ts';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Each is written when it is ready. Throws when one of them failed, after all others have ended. */
export async function trainSeveral(flags: Parsed, recipe: Recipe, out: string): Promise<void> {
  const adapters = recipe.adapters ?? [];
  if (flags.text('init-adapter') !== undefined)
    throw new UsageError('Cannot run graft train: found --init-adapter with several adapters, need one adapter');
  const nowhere = adapters.find(({ files }) => files === undefined && flags.list('data').length === 0);
  if (nowhere !== undefined)
    throw new UsageError(
      `Cannot run graft train: found no --data and no files for "${nowhere.name}", need one of them`,
    );
  let budgetBytes = readBudget(flags);
  const every = readCheckpointEvery(flags);
  const asked = adapters.map(({ name, settings, files }) => ({
    name,
    folder: path.join(out, name),
    settings: readSettings(flags, recipe, settings),
    files: files ?? flags.list('data'),
  }));
  // One that has ended needs no second run.
  const isEnded = (folder: string) =>
    flags.has('resume') &&
    existsSync(path.join(folder, 'adapter_config.json')) &&
    !existsSync(path.join(folder, '.graft-checkpoint'));
  for (const { name, folder } of asked) if (isEnded(folder)) console.error(`${name}: is ready in ${folder}`);
  const runs = [];
  for (const run of asked.filter(({ folder }) => !isEnded(folder))) {
    const isThere = existsSync(path.join(run.folder, '.graft-checkpoint'));
    const kept = await openRunFolder(run.folder, flags.has('resume') && isThere);
    for (const notice of kept.notices) console.error(`${run.name}: ${notice}`);
    runs.push({ ...run, kept });
  }
  if (runs.length === 0) return;

  let live = await openFlaggedModel(flags);
  const open = async () => {
    if (live.device.fault !== undefined) live = await openFlaggedModel(flags);
    return live.model;
  };
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of STOP_SIGNALS) process.once(signal, onSignal);
  const log = openLogFile(flags.text('log'), (line) => console.error(line));
  log.begin('');
  try {
    const members: {
      readonly data: LoadedRows;
      readonly settings: TrainSettings;
      readonly start: Adapter | undefined;
      readonly onEvent: (event: TrainEvent) => void;
    }[] = [];
    for (const { name, settings, files, kept } of runs) {
      const completionOnly = !flags.has('train-on-prompts');
      const data = await loadRows(live.model, files, { maxTokens: settings.seqLen, completionOnly });
      for (const notice of data.notices.slice(0, 5))
        console.error(`${name}: ${notice.file}:${notice.line}: ${notice.reason}`);
      const say = (line: string) => console.error(`${name}: ${line}`);
      const own = await rowsStartIn(kept, live.model, data.rows, settings, { signal: stop.signal, say });
      const shape = own?.adapter ?? newShape(live.model, settings);
      const settled = settleForRows(live.model, data.rows, settings, shape, budgetBytes);
      checkBudget(flags, settled, budgetBytes);
      console.error(`${name}: ${data.rows.length} rows, rank ${settings.rank}, learning rate ${settings.learningRate}`);
      const tell = (event: TrainEvent) => {
        log.add(logLine(event, name));
      };
      if (kept.checkpoint !== undefined) pastEvents(kept.checkpoint, data.rows).forEach(tell);
      await kept.begin(own?.files);
      let told = 0;
      const onEvent = (event: TrainEvent) => {
        tell(event);
        if (event.type === 'eval')
          console.error(`${name}: validation loss ${event.loss.toFixed(4)} after step ${event.step}`);
        // A line each, ten of them in all: bars of several runs would overwrite one another.
        if (event.type !== 'step' || Math.floor((10 * event.step) / event.totalSteps) === told) return;
        told = Math.floor((10 * event.step) / event.totalSteps);
        console.error(`${name}: ${event.step}/${event.totalSteps}  loss ${event.loss.toFixed(4)}`);
      };
      // What they share is there once: of each one more, its adapter counts.
      budgetBytes -= settled.adapterBytes;
      members.push({ data, settings: settled.settings, start: own?.adapter, onEvent });
    }
    const failures: string[] = [];
    const results = await trainTogetherThroughFaults(
      open,
      runs.map(({ name, folder, kept }, i) => {
        const { data, settings, start, onEvent } = members[i]!;
        return {
          rows: data.rows,
          settings,
          start,
          hooks: {
            onEvent,
            signal: stop.signal,
            onWentBack(step, message) {
              console.error(`${name}: ${message}; the run goes on after step ${step} with half the learning rate`);
            },
          },
          keep: {
            store: kept.store,
            dataHash: data.dataset.hash,
            ...every,
            resumeFrom: kept.checkpoint,
            keepWhenStopped: true,
            onSaved: sayProblems((line) => console.error(`${name}: ${line}`)),
          },
          onFault({ message, checkpoint }: RunFault) {
            const step = checkpoint?.steps.length ?? 0;
            console.error(`${name}: ${message}; the GPU is asked for again and the run goes on after step ${step}`);
          },
          async finish(trained: Trained) {
            if (trained.outcome.steps > 0) await savePeftFolder(folder, live.model, settings, data, trained);
            const { curve: _, ...outcome } = trained.outcome;
            if (!(outcome.stopped && outcome.trouble === undefined)) await kept.store.clear();
            if (outcome.trouble !== undefined) failures.push(`"${name}": ${outcome.trouble}`);
            console.error(`${name}: ${describeEnd(outcome, folder)}`);
            return { name, out: folder, ...outcome };
          },
        };
      }),
    );
    const reports = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    for (const [i, result] of results.entries())
      if (result.status === 'rejected') failures.push(`"${runs[i]!.name}": ${(result.reason as Error).message}`);
    if (flags.has('json')) console.log(JSON.stringify({ out, adapters: reports }));
    if (failures.length > 0) throw new Error(`Cannot train all of them: ${failures.join('; ')}`);
  } finally {
    for (const { kept } of runs) await kept.end();
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
    live.model.destroy();
    live.device.destroy();
  }
}
