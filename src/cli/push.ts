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

  Creates the repository if needed and adds one commit: the adapter, a card with its recipe, data hash, the base's licence
  and loading instructions, a plot of the loss, and the receipt. No row of the data is uploaded.

  --repo USER/NAME        where it goes
  --private               make a new repository private
  --hf-token TOKEN        a token with write access; better in the environment, as HF_TOKEN
  --json                  the last line of output is one JSON object: url, commit, files

HF_ENDPOINT selects another Hub.`,

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
