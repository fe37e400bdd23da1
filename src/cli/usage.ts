// Flags → values. A wrong flag is a wrong usage (exit code 2), told apart from bad input (exit code 1).

import { parseArgs } from 'node:util';

export class UsageError extends Error {
  override name = 'UsageError';
}

export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
}
export type Flags = Readonly<Record<string, Flag>>;
export interface Parsed {
  readonly positionals: readonly string[];
  text(name: string): string | undefined;
  required(name: string): string;
  list(name: string): readonly string[];
  number(name: string, fallback: number): number;
  has(name: string): boolean;
  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T;
}

/** Throws UsageError for an unknown flag, a missing value, or a positional argument where none is taken. */
export function parseFlags(
  command: string,
  args: readonly string[],
  flags: Flags,
  positionals: { readonly min: number; readonly max: number },
): Parsed {
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({
      args: [...joinNegative(args)],
      options: flags as never,
      allowPositionals: true,
      strict: true,
    }) as never;
  } catch (error) {
    throw new UsageError(`Cannot run graft ${command}: ${whatIsWrong(error as Error)} (see graft ${command} --help)`);
  }
  const { values } = parsed;
  if (parsed.positionals.length < positionals.min || parsed.positionals.length > positionals.max)
    throw new UsageError(
      `Cannot run graft ${command}: found ${parsed.positionals.length} arguments (${parsed.positionals.join(' ')}), need ${positionals.min === positionals.max ? positionals.min : `${positionals.min} to ${positionals.max}`}`,
    );
  const text = (name: string) => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    positionals: parsed.positionals,
    text,
    required(name) {
      const value = text(name);
      if (value === undefined || value === '')
        throw new UsageError(`Cannot run graft ${command}: found no --${name}, need one`);
      return value;
    },
    list: (name) => (values[name] as string[] | undefined) ?? [],
    number(name, fallback) {
      const value = text(name);
      if (value === undefined) return fallback;
      const number = Number(value);
      if (value.trim() === '' || !Number.isFinite(number))
        throw new UsageError(`Cannot read --${name}: found "${value}", need a number`);
      return number;
    },
    has: (name) => values[name] === true,
    choice(name, choices, fallback) {
      const value = text(name) ?? fallback;
      if (!(choices as readonly string[]).includes(value))
        throw new UsageError(`Cannot read --${name}: found "${value}", need one of ${choices.join(', ')}`);
      return value as never;
    },
  };
}

/** What parseArgs has found, in our words: its own name the flag between quotes. */
function whatIsWrong(error: Error & { readonly code?: string }): string {
  const flag = /'(-[^\s',]+)/.exec(error.message)?.[1];
  if (error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `found ${flag}, need one of its flags`;
  if (error.code !== 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') return error.message;
  return error.message.includes('does not take')
    ? `found a value for ${flag}, need none`
    : `found no value for ${flag}`;
}

/** `--data a b c` is what people type: values after --data up to the next flag all belong to it. */
export function* expandList(args: readonly string[], name: string): Generator<string> {
  let inList = false;
  for (const arg of args) {
    if (arg.startsWith('--')) {
      inList = arg === `--${name}`;
      if (!inList) yield arg;
    } else yield inList ? `--${name}=${arg}` : arg;
  }
}

/** `--lr -1` means a value, not a flag: parseArgs wants `--lr=-1`. */
function* joinNegative(args: readonly string[]): Generator<string> {
  for (let i = 0; i < args.length; i++) {
    const next = args[i + 1];
    if (/^--[\w-]+$/.test(args[i]!) && next !== undefined && /^-\d/.test(next)) {
      yield `${args[i]}=${next}`;
      i++;
    } else yield args[i]!;
  }
}
