// graft plan: what a run will take of the GPU's memory. Needs no GPU.

import { CHECKPOINTING, CHECKPOINTING_CHOICES, DEFAULT_SETTINGS, planRunAt, type RunPlan } from '../engine/node.ts';
import { MODEL_FLAGS, MODEL_HELP, readQuant, readTargets } from './model-flags.ts';
import { readBudget } from './train-settings.ts';
import { parseFlags } from './usage.ts';

const FLAGS = {
  ...MODEL_FLAGS,
  'seq-len': { type: 'string' },
  'batch-size': { type: 'string' },
  rank: { type: 'string' },
  targets: { type: 'string' },
  dropout: { type: 'string' },
  checkpointing: { type: 'string' },
  memory: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const plan = {
  summary: 'the exact memory of a run, without a GPU',
  help: `usage: graft plan --model <model> [flags]

${MODEL_HELP}
  --seq-len 256  --batch-size 1   for rows of that length; graft train with the same flags allocates exactly these bytes
  --rank 8  --targets all-linear  --dropout 0
  --checkpointing auto            auto|none|block-keep-attention|block (auto: as far as --memory requires)
  --memory GB                     GPU memory that the run may take (default: half of this machine's)
  --json                          one object; all sizes in bytes`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('plan', args, FLAGS, { min: 0, max: 0 });
    const settings = {
      ...DEFAULT_SETTINGS,
      rank: flags.number('rank', DEFAULT_SETTINGS.rank),
      targets: readTargets(flags),
      dropout: flags.number('dropout', 0),
      seqLen: flags.number('seq-len', 256),
      batchSize: flags.number('batch-size', 1),
      checkpointing: flags.choice('checkpointing', CHECKPOINTING_CHOICES, 'auto'),
    };
    const budgetBytes = readBudget(flags);
    const token = flags.text('hf-token');
    const found = await planRunAt(flags.required('model'), readQuant(flags), settings, { token, budgetBytes });
    if (flags.has('json')) console.log(JSON.stringify(found));
    else print(found, settings.checkpointing === 'auto' ? budgetBytes : undefined);
  },
};

const CATEGORIES = [
  ['weights', 'the frozen base'],
  ['tables', 'rotary positions'],
  ['adapter', 'A and B, their gradients, two Adam moments'],
  ['activations', 'kept for the backward pass, and scratch'],
  ['other', 'inputs, results, parameters of kernels'],
  ['total', ''],
] as const;

/** `budgetBytes`: what the level was chosen by; undefined when it was asked for. */
function print(found: RunPlan, budgetBytes: number | undefined): void {
  const bytes = (n: number) => n.toLocaleString('en').padStart(15);
  const mib = (n: number) => `${(n / 2 ** 20).toFixed(1)} MiB`.padStart(12);
  const chosen = budgetBytes === undefined ? '' : `, chosen to fit ${(budgetBytes / 1e9).toFixed(1)} GB`;
  console.log(
    `${found.model} · micro-batches of ${found.columns} columns · ${found.quant.linears} · ${found.trainableParameters.toLocaleString('en')} trainable parameters · checkpointing ${found.checkpointing}${chosen}\n`,
  );
  for (const [name, what] of CATEGORIES)
    console.log(`${name.padEnd(12)}${bytes(found[name])} bytes${mib(found[name])}   ${what}`.trimEnd());
  console.log('');
  for (const other of CHECKPOINTING)
    console.log(`${mib(found.totals[other]).trim().padStart(12)} in all with --checkpointing ${other}`);
  const { name, bytes: largest } = found.largest;
  console.log(
    `\nThe largest value is "${name}", ${mib(largest).trim()}; WebGPU guarantees bindings of 128 MiB, and weights beyond them lie in slabs of rows.`,
  );
}
