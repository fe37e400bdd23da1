// graft verify: whether an adapter's files are whole, do something, and are what its receipt says.

import { verifyAt } from '../engine/verify.node.ts';
import { MODEL_FLAGS, MODEL_HELP, openFlaggedModel } from './model-flags.ts';
import { parseFlags } from './usage.ts';

const FLAGS = { ...MODEL_FLAGS, json: { type: 'boolean' } } as const;
const MARKS = { passed: 'ok  ', failed: 'FAIL', skipped: '-   ' } as const;

export const verify = {
  summary: 'check an adapter against its receipt',
  help: `usage: graft verify <folder, .zip or .gguf> [--model <model>] [flags]

  Opens the files as any adapter is opened and checks the receipt, every file's hash, names, shapes, that all numbers are
  finite, that B is not 0, and the strength. With --model also that it is the base of the run, kept in the same --quant,
  and that the logits on a text are those that were recorded when the adapter was saved.
  Exit code 1 when a check fails. What is skipped was not looked at, and says why.

${MODEL_HELP}
  --quant q8|int8-row|f32  --quant-embeddings q8|int8-row|f32
  --json                    one object: passed, checks ({name, status, found})`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('verify', args, FLAGS, { min: 1, max: 1 });
    const [at] = flags.positionals;
    const opened = flags.text('model') === undefined ? undefined : await openFlaggedModel(flags);
    const { passed, checks } = await verifyAt(at!, opened?.model);
    opened?.model.destroy();
    opened?.device.destroy();
    if (flags.has('json')) console.log(JSON.stringify({ passed, checks }));
    else for (const { name, status, found } of checks) console.log(`${MARKS[status]}  ${name.padEnd(17)} ${found}`);
    const failed = checks.filter(({ status }) => status === 'failed').length;
    if (!passed) throw new Error(`Cannot vouch for "${at}": ${failed} of ${checks.length} checks failed`);
  },
};
