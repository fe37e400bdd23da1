// The `graft` command. Each command is a file beside this one; exit code 1 is bad input, 2 wrong usage.

import { bench } from './bench.ts';
import { doctor } from './doctor.ts';
import { exportCommand } from './export.ts';
import { generate } from './generate.ts';
import { inspect } from './inspect.ts';
import { lab } from './lab.ts';
import { merge } from './merge.ts';
import { plan } from './plan.ts';
import { push } from './push.ts';
import { score } from './score.ts';
import { train } from './train.ts';
import { UsageError } from './usage.ts';
import { verify } from './verify.ts';

export interface Command {
  readonly summary: string;
  readonly help: string;
  run(args: readonly string[]): Promise<void>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  train,
  score,
  generate,
  verify,
  lab,
  merge,
  export: exportCommand,
  push,
  inspect,
  plan,
  doctor,
  bench,
};

/** Runs one command and returns its exit code. Errors are one sentence on stderr. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    console.log(usage());
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    console.error(`graft: Cannot run "${name}": need one of ${Object.keys(COMMANDS).join(', ')}`);
    return 2;
  }
  if (args.includes('--help') || args.includes('-h')) {
    console.log(command.help);
    return 0;
  }
  try {
    await command.run(args);
    return 0;
  } catch (error) {
    console.error(`graft: ${error instanceof Error ? error.message : String(error)}`);
    if (process.env.GRAFT_DEBUG && error instanceof Error) console.error(error.stack);
    return error instanceof UsageError ? 2 : 1;
  }
}

function usage(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return [
    'graft: fine-tune a language model with LoRA on your own GPU',
    '',
    'usage: graft <command> [flags]',
    '',
    ...rows,
    '',
    'Run graft <command> --help for its flags.',
  ].join('\n');
}
