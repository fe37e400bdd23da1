// Regular expressions of adapter_config.json are Python's and come from strangers: spelled differently here and there,
// and able to run for hours. This translates the first and refuses what is known to do the second.

/** Longer patterns than any tool writes (Unsloth's have 500 characters). */
const MAX_PATTERN = 4000;
/** Each `.*` multiplies the time by the path's length; with 6, the worst pattern takes a tenth of a second a path. */
const MAX_REPEATS = 6;

/**
 * `pattern` as a JavaScript RegExp, placed into a larger one by `wrap`.
 * Throws a SyntaxError for what JavaScript does not know and for patterns that can take exponential time.
 */
export function pythonRegExp(pattern: string, wrap: (source: string) => string): RegExp {
  const bad = (found: string) =>
    new SyntaxError(
      `Cannot use the pattern "${pattern.slice(0, 200)}": found ${found}, need a simple regular expression`,
    );
  if (pattern.length > MAX_PATTERN) throw bad(`${pattern.length} characters`);
  const danger = findDanger(pattern);
  if (danger) throw bad(danger);
  const ignoreCase = pattern.startsWith('(?i)');
  const source = (ignoreCase ? pattern.slice(4) : pattern)
    .replace(/\\([\s\S])/g, (whole, char: string) => (char === 'A' ? '^' : char === 'Z' ? '$' : whole))
    .replace(/\(\?P</g, '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>');
  try {
    return new RegExp(wrap(source), ignoreCase ? 'i' : '');
  } catch (error) {
    throw bad((error as Error).message);
  }
}

/** Says what can take exponential time: a repeated group with choices inside, or very many repeats in a row. */
function findDanger(pattern: string): string | undefined {
  /** For each open group, whether something inside can match in more than one way. */
  const choices = [false];
  let repeats = 0;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === '\\') at++;
    else if (char === '[') at = classEnd(pattern, at);
    else if (char === '(') {
      choices.push(false);
      if (pattern[at + 1] === '?') at++; // the mark of a special group, no repeat
    } else if (char === ')') {
      const inside = choices.pop();
      if (inside && isRepeat(pattern, at + 1)) return 'a repeated group with choices or repeats inside';
      if (inside) choices[choices.length - 1] = true;
    } else if (char === '|' || char === '?') {
      choices[choices.length - 1] = true;
      if (char === '|' && choices.length === 1) repeats = 0;
    } else if (isRepeat(pattern, at)) {
      choices[choices.length - 1] = true;
      if (++repeats > MAX_REPEATS) return `more than ${MAX_REPEATS} repeats in a row`;
    }
  }
  return undefined;
}

/** `*`, `+`, `{2,}`, `{3}`; a `?` repeats nothing. */
function isRepeat(pattern: string, at: number): boolean {
  return /^(?:[*+]|\{\d*,?\d*\})/.test(pattern.slice(at, at + 20));
}

function classEnd(pattern: string, begin: number): number {
  let at = pattern[begin + 1] === '^' ? begin + 2 : begin + 1;
  if (pattern[at] === ']') at++;
  while (at < pattern.length && pattern[at] !== ']') at += pattern[at] === '\\' ? 2 : 1;
  return at;
}

/** A pattern that fits exactly `text`, in Python and here. */
export function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
