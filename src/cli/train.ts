// graft train: model folder + dataset files → a PEFT folder.

import { appendFileSync, writeFileSync } from 'node:fs';
import {
  BAD_NUMBERS,
  CHECKPOINT_EVERY,
  CHECKPOINTING,
  type Checkpoint,
  DEFAULT_SETTINGS,
  isSameDevice,
  type KeepOptions,
  loadRows,
  openRunFolder,
  pastEvents,
  readAdapterAt,
  savePeftFolder,
  type TrainEvent,
  type TrainSettings,
  trainThroughFaults,
} from '../engine/node.ts';
import { MODEL_FLAGS, MODEL_HELP, openFlaggedModel, readTargets } from './model-flags.ts';
import { progressBar } from './progress-bar.ts';
import { expandList, type Parsed, parseFlags, UsageError } from './usage.ts';

const FLAGS = {
  ...MODEL_FLAGS,
  data: { type: 'string', multiple: true },
  out: { type: 'string' },
  rank: { type: 'string' },
  alpha: { type: 'string' },
  targets: { type: 'string' },
  lr: { type: 'string' },
  steps: { type: 'string' },
  epochs: { type: 'string' },
  'batch-size': { type: 'string' },
  'grad-accum': { type: 'string' },
  'seq-len': { type: 'string' },
  checkpointing: { type: 'string' },
  'bad-numbers': { type: 'string' },
  seed: { type: 'string' },
  shuffle: { type: 'string' },
  schedule: { type: 'string' },
  warmup: { type: 'string' },
  'weight-decay': { type: 'string' },
  clip: { type: 'string' },
  dropout: { type: 'string' },
  'validation-split': { type: 'string' },
  'eval-every': { type: 'string' },
  'forgetting-every': { type: 'string' },
  'train-on-prompts': { type: 'boolean' },
  'init-adapter': { type: 'string' },
  'checkpoint-every': { type: 'string' },
  resume: { type: 'boolean' },
  log: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const train = {
  summary: 'train a LoRA adapter on your data',
  help: `usage: graft train --model <model> --data <file…> --out <folder> [flags]

${MODEL_HELP}
  --data FILE…              JSONL, JSON, CSV, TSV or text; several files are read one after another
  --out FOLDER              gets adapter_config.json, adapter_model.safetensors, README.md, graft_receipt.json
  --rank 8  --alpha 16      size of the adapter; its product is scaled by alpha / rank
  --targets all-linear      or names: q_proj,v_proj
  --lr 2e-4  --schedule constant|linear|cosine  --warmup 0
  --steps N | --epochs N    one epoch when neither is given
  --batch-size 1  --grad-accum 1  --seq-len 256
  --checkpointing none|block-keep-attention|block   less memory for more time, the same numbers
  --bad-numbers stop|halve  a loss that explodes or is not finite: stop with the last good adapter, or go on from it
                            with half the learning rate, once
  --seed 0  --shuffle true  --dropout 0  --weight-decay 0  --clip 1.0 (0 = no clipping)
  --validation-split 0  --eval-every 0   share of rows held back, and how often they are scored
  --forgetting-every N      measure what is forgotten of a bundled general text before, every N steps, and after
  --train-on-prompts        supervise prompts too, not answers only
  --init-adapter ADAPTER    go on from an adapter (PEFT or MLX folder, .gguf), with its rank, alpha, targets
  --checkpoint-every N      keep the run every N steps (default: 50 steps or 30 s, at most 2 % of the time)
  --resume                  go on with the interrupted run in --out; everything else as it was started
                            (Ctrl-C ends a run after its step and keeps adapter and checkpoint)
  --log FILE.jsonl          one line a step: step, loss, lr, grad_norm, tokens, ms
  --json                    the last line of output is one JSON object`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('train', [...expandList(args, 'data')], FLAGS, { min: 0, max: 0 });
    flags.required('model');
    const out = flags.required('out');
    if (flags.list('data').length === 0)
      throw new UsageError('Cannot run graft train: found no --data, need at least one file');
    const settings = readSettings(flags);
    const log = flags.text('log');
    const every = flags.number('checkpoint-every', CHECKPOINT_EVERY.steps);
    if (!Number.isInteger(every) || every < 1)
      throw new UsageError(`Cannot read --checkpoint-every: found ${every}, need a whole number of 1 or more`);
    const folder = await openRunFolder(out, flags.has('resume'));
    for (const notice of folder.notices) console.error(notice);

    const opened = await openFlaggedModel(flags);
    const { device, model } = opened;
    let live = opened;
    const start =
      flags.text('init-adapter') === undefined ? undefined : await readAdapterAt(model, flags.text('init-adapter')!);
    const data = await loadRows(model, flags.list('data'), {
      maxTokens: settings.seqLen,
      completionOnly: !flags.has('train-on-prompts'),
    });
    for (const notice of data.notices.slice(0, 10)) console.error(`${notice.file}:${notice.line}: ${notice.reason}`);
    if (data.notices.length > 10) console.error(`… and ${data.notices.length - 10} more notices`);
    console.error(
      `${device.name} · ${model.folder.name} · ${data.rows.length} rows, ${data.supervisedTokens} supervised tokens`,
    );

    const logPast = (past: readonly TrainEvent[]) => {
      if (log !== undefined) writeFileSync(log, past.map(logLine).join(''));
    };
    const pastOf = (checkpoint: Checkpoint | undefined) => (checkpoint ? pastEvents(checkpoint, data.rows) : []);
    logPast(pastOf(folder.checkpoint));
    await folder.begin();
    const bar = progressBar(process.stderr);
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
      if (log !== undefined) appendFileSync(log, logLine(event));
    };
    let problem: string | undefined;
    const keep: KeepOptions = {
      store: folder.store,
      dataHash: data.dataset.hash,
      everySteps: every,
      everySeconds: flags.text('checkpoint-every') === undefined ? CHECKPOINT_EVERY.seconds : Number.POSITIVE_INFINITY,
      ...(flags.text('checkpoint-every') !== undefined && { mostShare: Number.POSITIVE_INFINITY }),
      resumeFrom: folder.checkpoint,
      keepWhenStopped: true,
      onSaved(step, found) {
        if (found !== undefined && found !== problem) bar.note(`Cannot keep step ${step}: ${found}; the run goes on`);
        problem = found;
      },
    };
    if (folder.checkpoint !== undefined) {
      const { steps, totalSteps, identity } = folder.checkpoint;
      const where = isSameDevice(folder.checkpoint, device)
        ? 'on the same device: bit for bit as if it had not been interrupted'
        : `on another device or driver than before (${identity.deviceName}): equal within rounding, not to the bit`;
      console.error(`going on after step ${steps.length} of ${totalSteps}, ${where}`);
    }
    const stop = new AbortController();
    const onSignal = () => stop.abort();
    for (const signal of STOP_SIGNALS) process.once(signal, onSignal);
    try {
      const trained = await trainThroughFaults({
        async open() {
          if (live.device.fault !== undefined) live = await openFlaggedModel(flags);
          return live.model;
        },
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
      });
      bar.end();
      const { curve, ...outcome } = trained.outcome;
      await savePeftFolder(out, live.model, settings, data, trained);
      const canGoOn = outcome.stopped && outcome.trouble === undefined;
      if (!canGoOn) await folder.store.clear();
      console.error(
        `${outcome.stopped ? 'stopped' : 'done'} after ${outcome.steps} steps, loss ${outcome.finalLoss.toFixed(4)}; adapter in ${out}${canGoOn ? '; --resume goes on' : ''}`,
      );
      if (flags.has('json')) console.log(JSON.stringify({ out, ...outcome }));
      if (outcome.trouble !== undefined) throw new Error(outcome.trouble);
    } finally {
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
      live.model.destroy();
      live.device.destroy();
    }
  },
};

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

function logLine(event: TrainEvent): string {
  if (event.type !== 'step') return '';
  const { step, loss, lr, gradNorm: grad_norm, tokens, ms } = event;
  return `${JSON.stringify({ step, loss, lr, grad_norm, tokens, ms: Math.round(ms * 100) / 100 })}\n`;
}

function readSettings(flags: Parsed): TrainSettings {
  const hasSteps = flags.text('steps') !== undefined;
  if (hasSteps && flags.text('epochs') !== undefined)
    throw new UsageError('Cannot run graft train: found both --steps and --epochs, need one');
  return {
    ...(hasSteps ? { steps: flags.number('steps', 1) } : { epochs: flags.number('epochs', 1) }),
    rank: flags.number('rank', DEFAULT_SETTINGS.rank),
    alpha: flags.number('alpha', DEFAULT_SETTINGS.alpha),
    dropout: flags.number('dropout', 0),
    targets: readTargets(flags),
    learningRate: flags.number('lr', 2e-4),
    schedule: flags.choice('schedule', ['constant', 'linear', 'cosine'] as const, 'constant'),
    warmupSteps: flags.number('warmup', 0),
    weightDecay: flags.number('weight-decay', 0),
    clip: flags.number('clip', 1),
    batchSize: flags.number('batch-size', 1),
    gradAccum: flags.number('grad-accum', 1),
    seqLen: flags.number('seq-len', 256),
    checkpointing: flags.choice('checkpointing', CHECKPOINTING, 'none'),
    badNumbers: flags.choice('bad-numbers', BAD_NUMBERS, 'stop'),
    seed: flags.number('seed', 0),
    shuffle: flags.choice('shuffle', ['true', 'false'] as const, 'true') === 'true',
    validationSplit: flags.number('validation-split', 0),
    evalEvery: flags.number('eval-every', 0),
    forgettingEvery: flags.number('forgetting-every', 0),
  };
}
