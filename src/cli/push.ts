// graft push: an adapter to the Hugging Face Hub, with its card and the picture of its loss.

import { pushAdapter } from '../engine/push.node.ts';
import { parseFlags } from './usage.ts';

const FLAGS = {
  repo: { type: 'string' },
  private: { type: 'boolean' },
  'hf-token': { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const push = {
  summary: 'an adapter to the Hugging Face Hub',
  help: `usage: graft push <PEFT folder> --repo user/name [flags]

  Makes the repository where it is not there, and adds one commit: the adapter, its card with recipe, data hash, the base's
  licence and how to load it, a picture of the loss, and the receipt. No row of the data goes along.

  --repo USER/NAME        where it goes
  --private               a new repository is seen by you alone
  --hf-token TOKEN        one that may write; better in the environment, as HF_TOKEN
  --json                  the last line of output is one JSON object: url, commit, files

HF_ENDPOINT names another Hub.`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('push', args, FLAGS, { min: 1, max: 1 });
    const isTty = process.stderr.isTTY === true;
    const pushed = await pushAdapter({
      adapter: flags.positionals[0]!,
      repo: flags.required('repo'),
      isPrivate: flags.has('private'),
      token: flags.text('hf-token'),
      onProgress(done, total) {
        if (isTty) process.stderr.write(`\rsending ${Math.floor((100 * done) / Math.max(1, total))} %`);
      },
    });
    if (isTty) process.stderr.write('\r\u001b[K');
    console.log(flags.has('json') ? JSON.stringify(pushed) : `pushed ${pushed.files.length} files to ${pushed.url}`);
  },
};
