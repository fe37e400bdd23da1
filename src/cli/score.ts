// graft score: how well a base, or a base with an adapter, predicts given rows.

import { measureForgetting } from '../engine/lab.node.ts';
import { checkDataFiles, loadRows, readAdapterAt, scoreRows, writeLogits } from '../engine/node.ts';
import { MODEL_FLAGS, MODEL_HELP, openFlaggedModel } from './model-flags.ts';
import { parseFlags, UsageError } from './usage.ts';

const FLAGS = {
  ...MODEL_FLAGS,
  adapter: { type: 'string' },
  data: { type: 'string', multiple: true },
  'seq-len': { type: 'string' },
  'train-on-prompts': { type: 'boolean' },
  logits: { type: 'string' },
  forgetting: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

export const score = {
  summary: 'loss and perplexity of rows, with or without an adapter',
  help: `usage: graft score --model <model> --data <file> [--adapter <adapter>] [flags]

${MODEL_HELP}
  --seq-len 256             longer rows are cut
  --train-on-prompts        score prompts too, not only answers
  --logits FILE.safetensors tensor "logits" f32 [rows, longest row, vocabulary], zero beyond a row's end; for small inputs
  --forgetting              also what the adapter forgets of the bundled general text: loss, and KL from the base
  --json                    the last line of output is one object: loss, perplexity, tokens, rows, and forgetting:
                            loss, baseLoss, kl, tokens`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('score', args, FLAGS, { min: 0, max: 0 });
    if (flags.list('data').length === 0) throw new UsageError('Cannot run graft score: found no --data, need a file');
    const adapterFolder = flags.text('adapter');
    if (flags.has('forgetting') && adapterFolder === undefined)
      throw new UsageError(
        'Cannot run graft score --forgetting: found no --adapter, need the one that may have forgotten',
      );
    await checkDataFiles(flags.list('data'));
    const { device, model } = await openFlaggedModel(flags);
    const adapter = adapterFolder === undefined ? undefined : await readAdapterAt(model, adapterFolder);
    const options = { maxTokens: flags.number('seq-len', 256), completionOnly: !flags.has('train-on-prompts') };
    const data = await loadRows(model, flags.list('data'), options);
    for (const notice of data.notices) console.error(`${notice.file}:${notice.line}: ${notice.reason}`);
    const logitsFile = flags.text('logits');
    const result = await scoreRows(model, adapter, data.rows, logitsFile !== undefined);
    if (logitsFile !== undefined) await writeLogits(logitsFile, result.logits!);
    const perplexity = Math.exp(result.loss);
    console.log(
      `loss ${result.loss.toFixed(6)} · perplexity ${perplexity.toFixed(3)} · ${result.tokens} supervised tokens in ${data.rows.length} rows`,
    );
    const forgetting = flags.has('forgetting') ? await measureForgetting(model, adapter!) : undefined;
    if (forgetting !== undefined)
      console.log(
        `general text: loss ${forgetting.loss.toFixed(6)}, ${forgetting.baseLoss.toFixed(6)} without the adapter · KL from the base ${forgetting.kl.toFixed(6)} a token`,
      );
    if (flags.has('json')) {
      const report = { loss: result.loss, perplexity, tokens: result.tokens, rows: data.rows.length };
      console.log(JSON.stringify({ ...report, ...(forgetting && { forgetting }) }));
    }
    model.destroy();
    device.destroy();
  },
};
