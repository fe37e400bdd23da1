// Does an answer count? Equal, contained, or by a regular expression whose time is bounded.
import { trustedScriptUrl } from '../../engine/client.ts';
import matchUrl from './match-worker.ts?worker&url';
import { words } from './words.ts';

export type RuleKind = 'exact' | 'contains' | 'regex';
export const RULE_KINDS: readonly RuleKind[] = ['exact', 'contains', 'regex'];

export interface Rule {
  readonly kind: RuleKind;
  /** For `regex`: one for all rows; empty: each row's expected answer is its own. */
  readonly pattern: string;
  /** Case and surrounding spaces do not count. */
  readonly isLoose: boolean;
}

export interface Judged {
  readonly answer: string;
  readonly expected: string;
}

/** A pattern that needs longer for all answers together would hold the page up for ever on some. */
const LIMIT_MS = 2000;

/** Whether each answer counts. Throws a sentence for a pattern that is none, or that does not come to an end. */
export async function judgeAnswers(rule: Rule, judged: readonly Judged[]): Promise<boolean[]> {
  if (rule.kind !== 'regex') return judged.map((one) => judgeText(rule, one));
  const byPattern = new Map<string, number[]>();
  for (const [i, { expected }] of judged.entries()) {
    const pattern = rule.pattern || expected;
    byPattern.set(pattern, [...(byPattern.get(pattern) ?? []), i]);
  }
  const passes: boolean[] = new Array(judged.length).fill(false);
  const end = performance.now() + LIMIT_MS;
  for (const [pattern, rows] of byPattern) {
    const texts = rows.map((i) => judged[i]!.answer);
    const found = await testInWorker(pattern, rule.isLoose ? 'iu' : 'u', texts, end - performance.now());
    for (const [at, i] of rows.entries()) passes[i] = found[at]!;
  }
  return passes;
}

export function judgeText({ kind, isLoose }: Pick<Rule, 'kind' | 'isLoose'>, { answer, expected }: Judged): boolean {
  const read = (text: string) => (isLoose ? text.trim().toLowerCase() : text);
  return kind === 'exact' ? read(answer) === read(expected) : read(answer).includes(read(expected));
}

function testInWorker(pattern: string, flags: string, texts: readonly string[], limitMs: number): Promise<boolean[]> {
  try {
    new RegExp(pattern, flags);
  } catch (error) {
    return Promise.reject(new SyntaxError(words.evaluate.badPattern((error as Error).message)));
  }
  return new Promise((resolve, reject) => {
    const worker = new Worker(trustedScriptUrl(new URL(matchUrl, import.meta.url).href), { type: 'module' });
    const end = (act: () => void) => {
      clearTimeout(timer);
      worker.terminate();
      act();
    };
    const timer = setTimeout(
      () => end(() => reject(new RangeError(words.evaluate.slowPattern(pattern, LIMIT_MS / 1000)))),
      Math.max(0, limitMs),
    );
    worker.addEventListener('message', ({ data }: MessageEvent<boolean[]>) => end(() => resolve(data)));
    worker.addEventListener('error', (event) => end(() => reject(new Error(event.message))));
    worker.postMessage({ pattern, flags, texts });
  });
}
