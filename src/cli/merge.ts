// graft merge: several adapters of one base → one adapter. Needs no GPU.

import { MERGE_METHODS, mergeFolders, type WeightedFolder } from '../engine/merge.node.ts';
import { parseFlags, UsageError } from './usage.ts';

const FLAGS = {
  adapter: { type: 'string', multiple: true },
  model: { type: 'string' },
  method: { type: 'string' },
  rank: { type: 'string' },
  density: { type: 'string' },
  'majority-sign': { type: 'string' },
  seed: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const merge = {
  summary: 'several adapters of one base into one',
  help: `usage: graft merge --adapter <folder>[:<weight>] --adapter … --method <method> --out <folder> [flags]

  --adapter FOLDER:WEIGHT   a PEFT folder and how much of it, 1 when left out; negative weights subtract
  --method cat              exactly the weighted sum; the ranks add up
           svd              the closest adapter of --rank N (default: the largest rank among them) to that sum
           linear           factors added, not deltas: cheap and only roughly the sum; needs equal ranks
           ties, dare_linear, dare_ties, magnitude_prune            as linear, after pruning to --density
           ties_svd, dare_linear_svd, dare_ties_svd, magnitude_prune_svd   on the deltas themselves, then as svd
  --rank N                  of the result, for the svd methods
  --density D               share of elements that pruning keeps, 0 to 1
  --majority-sign total     total|frequency: how ties elects the sign of an element
  --seed 0                  of dare's random pruning
  --model MODEL             their base; only needed for DoRA and for adapters of llama.cpp and mlx-lm
  --out FOLDER              gets a PEFT folder
  --json                    one object: out, method, rank, modules, parameters, bytes, notices

The methods and their numbers are those of PEFT's add_weighted_adapter. IA³ has --method linear: the weighted sum of its
factors. A factor of 1 leaves the base unchanged, so weights should add up to 1. Prompts and bottlenecks cannot be merged.`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('merge', args, FLAGS, { min: 0, max: 0 });
    const folders = flags.list('adapter').map(weightedFolder);
    if (folders.length === 0)
      throw new UsageError('Cannot run graft merge: found no --adapter, need at least one <folder>:<weight>');
    flags.required('method');
    const number = (name: string) => (flags.text(name) === undefined ? undefined : flags.number(name, 0));
    const majority =
      flags.text('majority-sign') === undefined
        ? undefined
        : flags.choice('majority-sign', ['total', 'frequency'] as const, 'total');
    const options = {
      method: flags.choice('method', MERGE_METHODS, 'cat'),
      rank: number('rank'),
      density: number('density'),
      majority,
      seed: number('seed'),
    };
    const report = await mergeFolders(folders, options, flags.required('out'), flags.text('model'));
    for (const notice of report.notices) console.error(notice);
    if (flags.has('json')) console.log(JSON.stringify(report));
    else
      console.log(
        `wrote ${report.out}: ${report.rank === undefined ? 'factors' : `rank ${report.rank}`} on ${report.modules} modules`,
      );
  },
};

/** "folder:0.7"; without a weight, or with something else behind the colon (C:\adapters), all of it is the folder. */
function weightedFolder(text: string): WeightedFolder {
  const [, folder, weight] = /^(.+):([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i.exec(text) ?? [];
  return folder === undefined ? { folder: text, weight: 1 } : { folder, weight: Number(weight) };
}
