// Which linears an adapter sits on, with what rank and strength: PEFT's matching of module paths, rule by rule.
// The order is PEFT's too: excluded paths first, then targets, then layers; layers only where a name matched by its
// end, so a target that is a whole path is not bound by layers_to_transform.

import type { LoraConfig } from './lora-config.ts';
import { pythonRegExp } from './python-regexp.ts';

/** An adapter's size and strength at one linear. */
export interface Target {
  readonly r: number;
  readonly alpha: number;
  /** s of y += s·B·A·x: alpha/r, or alpha/√r with rsLoRA. */
  readonly scaling: number;
}

export type Matching = Pick<
  LoraConfig,
  | 'r'
  | 'lora_alpha'
  | 'use_rslora'
  | 'target_modules'
  | 'exclude_modules'
  | 'rank_pattern'
  | 'alpha_pattern'
  | 'layers_to_transform'
  | 'layers_pattern'
> &
  Partial<Pick<LoraConfig, 'modules_to_save'>>;

/** Modules beside the linears of the blocks that an adapter can sit on, where a name or pattern says so. */
export interface OtherTargets {
  readonly embeddings: Iterable<string>;
  readonly head: string;
}

/** PEFT would put adapters on these; here only where the base is known to have them (`OtherTargets`). */
const NOT_LINEARS: readonly (readonly [linears: string, ...embeddings: string[]])[] = [
  ['model.decoder.', 'lm_head', 'model.decoder.embed_tokens', 'model.decoder.embed_positions'],
  ['model.', 'lm_head', 'model.embed_tokens'],
  ['gpt_neox.', 'lm_head', 'gpt_neox.embed_in'],
  ['transformer.', 'lm_head', 'transformer.wte', 'transformer.wpe', 'transformer.word_embeddings'],
];

/**
 * The targets among `linearPaths` and `others`, in the order of the model. `defaults`: what null means for this family
 * (Family.defaultTargets). Throws a RangeError when nothing matches, or when the config targets what no adapter can sit on.
 */
export function resolveTargets(
  config: Matching,
  linearPaths: Iterable<string>,
  defaults?: readonly string[],
  others?: OtherTargets,
): Map<string, Target> {
  const linears = [...linearPaths];
  const embeddings = [...(others?.embeddings ?? [])];
  const paths = others ? [...embeddings, ...linears, others.head] : linears;
  const chosen = { ...config, target_modules: config.target_modules ?? defaults ?? null };
  const isTarget = targetTest(chosen, linears);
  const [, ...tables] = NOT_LINEARS.find(([start]) => linears[0]?.startsWith(start)) ?? [''];
  const wrong = tables.find((table) => !paths.includes(table) && isTarget(table));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot place the adapter: found "${wrong}" among its targets, need linears of the blocks`);
  }
  const rankOf = patternLookup(config.rank_pattern, config.r);
  const alphaOf = patternLookup(config.alpha_pattern, config.lora_alpha);
  const targets = new Map<string, Target>();
  for (const path of paths.filter(isTarget)) {
    const r = rankOf(path);
    const alpha = alphaOf(path);
    targets.set(path, { r, alpha, scaling: alpha / (config.use_rslora ? Math.sqrt(r) : r) });
  }
  if (targets.size > 0) return targets;
  throw new RangeError(
    `Cannot place the adapter: found no linear for target_modules ${JSON.stringify(config.target_modules)}, need names like ${endings(linears)}`,
  );
}

function targetTest(config: Matching, paths: readonly string[]): (path: string) => boolean {
  const isNamedOut = nameTest(config.exclude_modules ?? []);
  const isSaved = savedTest(config.modules_to_save ?? []);
  const isExcluded = (path: string) => isNamedOut(path) || isSaved(path);
  const names = targetNames(config.target_modules, paths);
  if (typeof names === 'string') {
    const isNamed = nameTest(names);
    return (path) => !isExcluded(path) && isNamed(path);
  }
  const whole = new Set(names);
  const isInLayers = layerTest(config);
  return (path) =>
    !isExcluded(path) && (whole.has(path) || (names.some((name) => path.endsWith(`.${name}`)) && isInLayers(path)));
}

/** A module that is trained in full is no target, nor is anything inside it. PEFT reads the names as expressions here. */
function savedTest(names: readonly string[]): (path: string) => boolean {
  const tests = names.map((name) => pythonRegExp(name, (source) => `^(?:^|.*\\.)${source}(?:$|\\..*)`));
  return (path) => tests.some((test) => test.test(path));
}

/** "all-linear" becomes the list of all paths but the head, as in PEFT. */
function targetNames(targets: LoraConfig['target_modules'], paths: readonly string[]): readonly string[] | string {
  if (targets === null)
    throw new RangeError(
      `Cannot place the adapter: found target_modules null, need names like ${endings(paths)} (PEFT has no default for this model)`,
    );
  if (typeof targets !== 'string' || targets.toLowerCase() !== 'all-linear') return targets;
  return paths.filter((path) => path !== 'lm_head');
}

/** A string is a regular expression over the whole path; a list of names matches whole paths and ends of paths. */
function nameTest(names: readonly string[] | string): (path: string) => boolean {
  if (typeof names !== 'string') return (path) => names.some((name) => path === name || path.endsWith(`.${name}`));
  if (names === '') return () => false;
  const whole = pythonRegExp(names, (source) => `^(?:${source})$`);
  return (path) => whole.test(path);
}

function layerTest({ layers_to_transform: layers, layers_pattern: pattern }: Matching): (path: string) => boolean {
  if (layers === null || (Array.isArray(layers) && layers.length === 0)) return () => true;
  const wanted = new Set(Array.isArray(layers) ? layers : [layers]);
  const patterns = (typeof pattern === 'string' ? [pattern] : (pattern ?? [])).filter((name) => name !== '');
  const expressions =
    patterns.length === 0
      ? [/^.*?\.[^.]*\.(?<idx>\d+)\./]
      : patterns.map((name) => pythonRegExp(name, (source) => `^(?:(?:^|.*?\\.)${source}\\.(?<idx>\\d+)\\.)`));
  return (path) => {
    const match = expressions.map((expression) => expression.exec(path)).find((found) => found !== null);
    return match?.groups?.idx !== undefined && wanted.has(Number(match.groups.idx));
  };
}

/** The value of the first pattern that matches the whole path, or its end after a dot. */
function patternLookup(patterns: Readonly<Record<string, number>>, fallback: number): (path: string) => number {
  const tests = Object.entries(patterns).map(
    ([pattern, value]) => [pythonRegExp(pattern, (source) => `^(?:.*\\.)?(?:${source})$`), value] as const,
  );
  return (path) => tests.find(([test]) => test.test(path))?.[1] ?? fallback;
}

function endings(paths: readonly string[]): string {
  return [...new Set(paths.map((path) => path.slice(path.lastIndexOf('.') + 1)))].map((name) => `"${name}"`).join(', ');
}
