// graft train: model folder + dataset files → a PEFT folder.

import {
  type Adapter,
  checkDataFiles,
  dropoutOf,
  openRunFolder,
  readAdapterAt,
  savePeftFolder,
  type TrainEvent,
  type TrainSettings,
  trainThroughFaults,
  withStart,
} from '../engine/node.ts';
import { type LiveModel, openLiveModel } from './live-model.ts';
import { MODEL_FLAGS, MODEL_HELP } from './model-flags.ts';
import { progressBar } from './progress-bar.ts';
import { describeResume, enduringRun, pastOf, type ReadyRun, readyRun } from './ready-run.ts';
import { stopOnSignals } from './stop-signals.ts';
import { describeEnd, describeMeasure, logLine, openLogFile } from './train-log.ts';
import {
  readBudget,
  readCheckpointEvery,
  readConfig,
  readSettings,
  SETTING_FLAGS,
  SETTING_HELP,
  showGigabytes,
} from './train-settings.ts';
import { trainSeveral } from './train-several.ts';
import { expandList, type Parsed, parseFlags, UsageError } from './usage.ts';

const FLAGS = {
  ...MODEL_FLAGS,
  data: { type: 'string', multiple: true },
  out: { type: 'string' },
  ...SETTING_FLAGS,
  'train-on-prompts': { type: 'boolean' },
  'init-adapter': { type: 'string' },
  'checkpoint-every': { type: 'string' },
  resume: { type: 'boolean' },
  log: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const train = {
  summary: 'train a LoRA adapter on your data',
  help: `usage: graft train --model <model> --data <file…> --out <folder> [--config <recipe.json>] [flags]

${MODEL_HELP}
  --data FILE…              JSONL, JSON, CSV, TSV or text; several files are read one after another
  --out FOLDER              gets adapter_config.json, adapter_model.safetensors, README.md, graft_receipt.json,
                            graft_recipe.json
${SETTING_HELP}
  --train-on-prompts        train on prompts too, not only answers
  --init-adapter ADAPTER    start from an adapter (PEFT or MLX folder, .gguf), with its rank, targets, DoRA, saved modules, …
  --checkpoint-every N      save a checkpoint every N steps (default: 50 steps or 30 s, at most 2 % of the time)
  --resume                  continue the interrupted run in --out; give the same other flags as before
                            (Ctrl-C stops a run after the current step and keeps adapter and checkpoint)
  --log FILE.jsonl          one line a step: step, loss, lr, grad_norm, tokens, ms
  --json                    the last line of output is one JSON object`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('train', [...expandList(args, 'data')], FLAGS, { min: 0, max: 0 });
    flags.required('model');
    const out = flags.required('out');
    const recipe = readConfig(flags);
    if (recipe?.adapters !== undefined) return trainSeveral(flags, recipe, out);
    if (flags.list('data').length === 0)
      throw new UsageError('Cannot run graft train: found no --data, need at least one file');
    const budgetBytes = readBudget(flags);
    // What is wrong with these is said before a model is opened.
    readCheckpointEvery(flags);
    readSettings(flags, recipe);
    await checkDataFiles(flags.list('data'));
    const folder = await openRunFolder(out, flags.has('resume'));
    for (const notice of folder.notices) console.error(notice);

    const live = await openLiveModel(flags);
    const stop = stopOnSignals();
    try {
      const given = await readGiven(flags, live.model);
      const asked = readSettings(flags, recipe, {}, given && { dropout: dropoutOf(given) });
      const settings = given ? withStart(asked, given, live.model) : asked;
      console.error(`${live.device.name} · ${live.model.folder.name}`);
      const files = flags.list('data');
      const say = (line: string) => console.error(line);
      const { signal } = stop;
      const run = await readyRun(flags, live, { files, settings, folder, given, say }, { signal, budgetBytes });
      console.error(describeMemory(settings, run, budgetBytes));
      await trainOne(flags, out, live, run, signal);
    } finally {
      await folder.end();
      stop.release();
      live.close();
    }
  },
};

async function readGiven(flags: Parsed, model: LiveModel['model']): Promise<Adapter | undefined> {
  const at = flags.text('init-adapter');
  return at === undefined ? undefined : readAdapterAt(model, at);
}

function describeMemory(wanted: TrainSettings, { settings, totalBytes }: ReadyRun, budgetBytes: number): string {
  const chosen = `checkpointing ${settings.checkpointing}, chosen to fit ${showGigabytes(budgetBytes)}`;
  return `${showGigabytes(totalBytes)} on the GPU${wanted.checkpointing === 'auto' ? ` (${chosen})` : ''}`;
}

/** Trains what is ready and writes its folder. Throws when the run ended in numbers that went bad. */
async function trainOne(flags: Parsed, out: string, live: LiveModel, ready: ReadyRun, signal: AbortSignal) {
  const bar = progressBar(process.stderr);
  const run: ReadyRun = { ...ready, say: (line) => bar.note(line) };
  const { folder, settings, data } = run;
  const log = openLogFile(flags.text('log'), run.say);
  const onBack = (past: readonly TrainEvent[]) => log.begin(past.map((event) => logLine(event)).join(''));
  onBack(pastOf(run));
  await folder.begin(run.startFiles);
  const resumed = describeResume(folder, live);
  if (resumed !== undefined) console.error(resumed);
  const onEvent = (event: TrainEvent) => {
    const measured = describeMeasure(event);
    if (measured !== undefined) bar.note(measured);
    if (event.type === 'step') bar.update(event);
    log.add(logLine(event));
  };
  const trained = await trainThroughFaults(live.open, {
    ...enduringRun(flags, run, { signal, onEvent, onBack }),
    finish: async (made) => made,
  });
  bar.end();
  const { curve: _, ...outcome } = trained.outcome;
  // An adapter that has learned nothing takes the place of none.
  if (outcome.steps > 0) await savePeftFolder(out, live.model, settings, data, trained);
  const canGoOn = outcome.stopped && outcome.trouble === undefined;
  if (!canGoOn) await folder.store.clear();
  console.error(`${describeEnd(outcome, out)}${canGoOn ? '; --resume goes on' : ''}`);
  if (flags.has('json')) console.log(JSON.stringify({ out, ...outcome }));
  if (outcome.trouble !== undefined) throw new Error(outcome.trouble);
}
