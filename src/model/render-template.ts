// Chat templates are programs of strangers. This runs one on @huggingface/jinja with nothing at hand but what it is given, within
// limits on steps, depth, time and length, so that no template hangs the worker or fills its memory.

import { Environment, type Interpreter, parse, tokenize } from '@huggingface/jinja';
import { PythonInterpreter } from './python-interpreter.ts';

export type ParsedTemplate = ReturnType<typeof parse>;
type Statement = Parameters<Interpreter['evaluate']>[0];

/** The longest published templates have 20,000 characters. */
const MAX_TEMPLATE_CHARS = 1 << 20;
/** A template walks over its messages a few times, some hundred steps each. */
const STEPS = { base: 1_000_000, perMessage: 20_000 };
/** Macros of published templates call each other a few deep; a level takes some three frames of the stack. */
const MAX_DEPTH = 400;
/** Rendering takes milliseconds. */
const MAX_MS = 5000;
/** What is rendered repeats each message once or twice, beside fixed words and tools. */
const CHARS = { base: 4 << 20, perChar: 8 };
const MAX_RANGE = 100_000;
/** The clock is asked every so many steps. */
const STEPS_A_LOOK = 256;

/** Throws an Error with the parser's own words. */
export function parseTemplate(text: string): ParsedTemplate {
  if (text.length > MAX_TEMPLATE_CHARS)
    throw new RangeError(`${text.length} characters, more than the ${MAX_TEMPLATE_CHARS} that a template may have`);
  return parse(tokenize(text.replace(GENERATION, asBlock), { lstrip_blocks: true, trim_blocks: true }));
}

/** transformers' mark of what the model says. It is a block like any other; the library forgets the spaces that a block keeps apart. */
const GENERATION = /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g;
const asBlock = (_: string, before: string, end: string | undefined, behind: string) =>
  `{%${before} ${end ? 'endif' : 'if true'} ${behind}%}`;

/**
 * What the template makes of the values. Throws an Error with the template's own words when it refuses them, and a RangeError
 * that names the limit when it goes beyond one. `messages`: how many there are; `chars`: how long they are in all.
 */
export function renderTemplate(
  template: ParsedTemplate,
  values: Readonly<Record<string, unknown>>,
  size: { readonly messages: number; readonly chars: number },
): string {
  const environment = new Environment();
  for (const [name, value] of [...GLOBALS, ...Object.entries(values)]) environment.set(name, value);
  const result = new BoundedInterpreter(environment, {
    steps: STEPS.base + STEPS.perMessage * size.messages,
    chars: CHARS.base + CHARS.perChar * size.chars,
  }).run(template);
  return String(result.value);
}

/** As transformers declares them; dates are the caller's. */
const GLOBALS: readonly (readonly [string, unknown])[] = [
  ...['true', 'True'].map((name) => [name, true] as const),
  ...['false', 'False'].map((name) => [name, false] as const),
  ...['none', 'None'].map((name) => [name, null] as const),
  [
    'raise_exception',
    (message: string) => {
      throw new Error(message);
    },
  ],
  ['range', boundedRange],
];

/** Python's range. */
function boundedRange(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (step === 0) throw new Error('range() arg 3 must not be zero');
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count > MAX_RANGE) throw new RangeError(`a range of ${count}, more than ${MAX_RANGE}`);
  return Array.from({ length: count }, (_, i) => start + i * step);
}

class BoundedInterpreter extends PythonInterpreter {
  private steps = 0;
  private depth = 0;
  private readonly began = performance.now();

  constructor(
    environment: Environment,
    private readonly most: { readonly steps: number; readonly chars: number },
  ) {
    super(environment);
  }

  override evaluate(statement: Statement, environment: Environment) {
    if (++this.steps > this.most.steps) throw new RangeError(`more than ${this.most.steps} steps`);
    if (this.depth >= MAX_DEPTH) throw new RangeError(`more than ${MAX_DEPTH} levels`);
    // A loop without a body makes no steps of its own.
    const isLoop = statement?.type === 'For';
    if ((isLoop || this.steps % STEPS_A_LOOK === 0) && performance.now() - this.began > MAX_MS)
      throw new RangeError(`more than ${MAX_MS / 1000} s of work`);
    this.depth++;
    try {
      const result = super.evaluate(statement, environment);
      const { value } = result as { readonly value: unknown };
      const size = typeof value === 'string' || Array.isArray(value) ? value.length : 0;
      if (size > this.most.chars) throw new RangeError(`a text of ${size} characters, more than ${this.most.chars}`);
      return result;
    } finally {
      this.depth--;
    }
  }
}
