// graft train: model folder + dataset files → a PEFT folder.

import {
  type Checkpoint,
  dropoutOf,
  isSameDevice,
  type KeepOptions,
  loadRows,
  newShape,
  openRunFolder,
  pastEvents,
  readAdapterAt,
  rowsStartIn,
  savePeftFolder,
  settleForRows,
  type TrainEvent,
  trainThroughFaults,
  withStart,
} from '../engine/node.ts';
import { MODEL_FLAGS, MODEL_HELP, openFlaggedModel } from './model-flags.ts';
import { progressBar } from './progress-bar.ts';
import { describeEnd, logLine, openLogFile, sayProblems } from './train-log.ts';
import {
  checkBudget,
  readBudget,
  readCheckpointEvery,
  readConfig,
  readSettings,
  SETTING_FLAGS,
  SETTING_HELP,
  showGigabytes,
} from './train-settings.ts';
import { trainSeveral } from './train-several.ts';
import { expandList, parseFlags, UsageError } from './usage.ts';

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
    const every = readCheckpointEvery(flags);
    readSettings(flags, recipe); // what is wrong with it is said before a model is opened
    const folder = await openRunFolder(out, flags.has('resume'));
    for (const notice of folder.notices) console.error(notice);

    const opened = await openFlaggedModel(flags);
    const { device, model } = opened;
    let live = opened;
    const given =
      flags.text('init-adapter') === undefined ? undefined : await readAdapterAt(model, flags.text('init-adapter')!);
    const asked = readSettings(flags, recipe, {}, given && { dropout: dropoutOf(given) });
    const wanted = given ? withStart(asked, given, model) : asked;
    const data = await loadRows(model, flags.list('data'), {
      maxTokens: wanted.seqLen,
      completionOnly: !flags.has('train-on-prompts'),
    });
    for (const notice of data.notices.slice(0, 10)) console.error(`${notice.file}:${notice.line}: ${notice.reason}`);
    if (data.notices.length > 10) console.error(`… and ${data.notices.length - 10} more notices`);
    console.error(
      `${device.name} · ${model.folder.name} · ${data.rows.length} rows, ${data.supervisedTokens} supervised tokens`,
    );

    const stop = new AbortController();
    const onSignal = () => stop.abort();
    for (const signal of STOP_SIGNALS) process.once(signal, onSignal);
    const say = (line: string) => console.error(line);
    const own = given ? undefined : await rowsStartIn(folder, model, data.rows, wanted, { signal: stop.signal, say });
    const start = given ?? own?.adapter;
    const shape = start ?? newShape(model, wanted);
    const settled = settleForRows(model, data.rows, wanted, shape, budgetBytes);
    checkBudget(flags, settled, budgetBytes);
    const { settings, totalBytes } = settled;
    const kept = wanted.checkpointing === 'auto' ? `checkpointing ${settings.checkpointing}, as memory requires; ` : '';
    console.error(`${kept}${showGigabytes(totalBytes)} on the GPU`);

    const bar = progressBar(process.stderr);
    const log = openLogFile(flags.text('log'), (line) => bar.note(line));
    const logPast = (past: readonly TrainEvent[]) => log.begin(past.map((event) => logLine(event)).join(''));
    const pastOf = (checkpoint: Checkpoint | undefined) => (checkpoint ? pastEvents(checkpoint, data.rows) : []);
    logPast(pastOf(folder.checkpoint));
    await folder.begin(own?.files);
    const onEvent = (event: TrainEvent) => {
      if (event.type === 'eval') {
        bar.note(`validation loss ${event.loss.toFixed(4)} after step ${event.step}`);
        return;
      }
      if (event.type === 'forgetting') {
        const { step, loss, baseLoss, kl } = event;
        bar.note(
          `general text ${loss.toFixed(4)} (base ${baseLoss.toFixed(4)}, KL ${kl.toFixed(4)}) after step ${step}`,
        );
        return;
      }
      if (event.type !== 'step') return;
      bar.update(event);
      log.add(logLine(event));
    };
    const keep: KeepOptions = {
      store: folder.store,
      dataHash: data.dataset.hash,
      ...every,
      resumeFrom: folder.checkpoint,
      keepWhenStopped: true,
      onSaved: sayProblems((line) => bar.note(line)),
    };
    if (folder.checkpoint !== undefined) {
      const { steps, totalSteps, identity } = folder.checkpoint;
      const where = isSameDevice(folder.checkpoint, device)
        ? 'on the same device: bit for bit as if it had not been interrupted'
        : `on another device or driver than before (${identity.deviceName}): equal within rounding, not to the bit`;
      console.error(`going on after step ${steps.length} of ${totalSteps}, ${where}`);
    }
    try {
      const open = async () => {
        if (live.device.fault !== undefined) live = await openFlaggedModel(flags);
        return live.model;
      };
      const trained = await trainThroughFaults(open, {
        rows: data.rows,
        settings,
        hooks: {
          onEvent,
          signal: stop.signal,
          onWentBack(step, message, past) {
            logPast(past);
            bar.note(`${message}; the run goes on after step ${step} with half the learning rate`);
          },
        },
        start,
        keep,
        onFault({ message, checkpoint }) {
          logPast(pastOf(checkpoint));
          bar.note(
            `${message}; the GPU is asked for again and the run goes on after step ${checkpoint?.steps.length ?? 0}`,
          );
        },
        finish: async (made) => made,
      });
      bar.end();
      const { curve, ...outcome } = trained.outcome;
      // An adapter that has learned nothing takes the place of none.
      if (outcome.steps > 0) await savePeftFolder(out, live.model, settings, data, trained);
      const canGoOn = outcome.stopped && outcome.trouble === undefined;
      if (!canGoOn) await folder.store.clear();
      console.error(`${describeEnd(outcome, out)}${canGoOn ? '; --resume goes on' : ''}`);
      if (flags.has('json')) console.log(JSON.stringify({ out, ...outcome }));
      if (outcome.trouble !== undefined) throw new Error(outcome.trouble);
    } finally {
      await folder.end();
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
      live.model.destroy();
      live.device.destroy();
    }
  },
};

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;
