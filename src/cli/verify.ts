// graft verify: whether an adapter's files are whole, do something, and are what its receipt says.

import { verifyAt } from '../engine/verify.node.ts';
import { MODEL_FLAGS, MODEL_HELP, openFlaggedModel } from './model-flags.ts';
import { parseFlags } from './usage.ts';

const FLAGS = { ...MODEL_FLAGS, json: { type: 'boolean' } } as const;
const MARKS = { passed: 'ok  ', failed: 'FAIL', skipped: '-   ' } as const;

export const verify = {
  summary: 'check an adapter against its receipt',
  help: `usage: graft verify <folder, .zip or .gguf> [--model <model>] [flags]

  Opens the files like any other adapter and checks the receipt: every file's hash, names, shapes, that all numbers are
  finite, that B is not 0, and the strength. With --model it also checks that this is the run's base, stored in the same
  --quant, and that the logits on a text match those recorded when the adapter was saved.
  Exit code 1 when a check fails. Skipped checks say why they were skipped.

${MODEL_HELP}
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
