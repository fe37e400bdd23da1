// The config once EVA has found the ranks: patterns and targets as PEFT writes them. And, before the ranks are known, the
// placement that needs the most memory.

import type { LoraConfig } from '../lora-config.ts';
import type { Placement } from '../place-adapter.ts';
import { parseEvaConfig } from './eva-config.ts';
import type { EvaFactors } from './eva-search.ts';

/** From this many targets on, PEFT writes only path endings, as few as distinguish the targets from other modules. */
const MANY_TARGETS = 20;

/** True for an adapter whose ranks follow from the data. */
export function isEva({ init_lora_weights }: Pick<LoraConfig, 'init_lora_weights'>): boolean {
  return init_lora_weights === 'eva';
}

/**
 * The config for `factors`: rank_pattern and alpha_pattern by whole paths, target_modules without linears of rank 0.
 * `placed`: where the original config puts an adapter; modules that EVA does not cover (embeddings) keep their rank.
 * `allPaths`: of the base's linears and embeddings.
 */
export function configWithRanks(
  config: LoraConfig,
  placed: Placement['modules'],
  factors: EvaFactors,
  allPaths: Iterable<string>,
): LoraConfig {
  const { adjust_scaling_factors } = parseEvaConfig(config.eva_config ?? {});
  const rank_pattern: Record<string, number> = {};
  const alpha_pattern: Record<string, number> = {};
  const targets: string[] = [];
  for (const [path, { r, alpha }] of placed) {
    const found = factors.get(path)?.rows ?? r;
    if (found === 0) continue;
    const louder = found !== r && adjust_scaling_factors ? (alpha * found) / r : alpha;
    if (found !== config.r) rank_pattern[path] = found;
    if (louder !== config.lora_alpha) alpha_pattern[path] = louder;
    targets.push(path);
  }
  const chosen = new Set(targets);
  const others = [...allPaths].filter((path) => !chosen.has(path));
  return { ...config, rank_pattern, alpha_pattern, target_modules: fewestNames(targets, others) };
}

/** The shortest path endings that match all of `targets` and none of `others`; whole paths where there are only few. */
export function fewestNames(targets: readonly string[], others: readonly string[]): string[] {
  if (targets.length < MANY_TARGETS) return [...targets];
  const elsewhere = new Set(others.flatMap(endsOf));
  const names: string[] = [];
  for (const path of [...targets].sort((a, b) => compare(endsOf(a), endsOf(b)))) {
    if (names.some((name) => path === name || path.endsWith(`.${name}`))) continue;
    names.push(endsOf(path).find((end) => !elsewhere.has(end)) ?? path);
  }
  return names;
}

function compare(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((end, i) => end !== b[i]);
  return at < 0 ? a.length - b.length : a[at]! < (b[at] ?? '') ? -1 : 1;
}

/** "a.b.c" → "c", "b.c", "a.b.c". */
function endsOf(path: string): string[] {
  const parts = path.split('.');
  return parts.map((_, i) => parts.slice(parts.length - 1 - i).join('.'));
}

/**
 * The largest adapter that EVA can produce: the config's total rank, at the linears where a rank costs most. Memory is planned
 * with it before the data has been seen.
 */
export function largestPlacement(config: LoraConfig, placed: Placement): Placement {
  const { rho } = parseEvaConfig(config.eva_config ?? {});
  const linears = [...placed.modules].filter(([, { isEmbedding }]) => !isEmbedding);
  let left = linears.reduce((sum, [, { r }]) => sum + r, 0);
  const ranks = new Map<string, number>();
  const cost = ({ inFeatures, outFeatures }: { inFeatures: number; outFeatures: number }) => inFeatures + outFeatures;
  for (const [path, { r }] of linears.sort(([, x], [, y]) => cost(y) - cost(x))) {
    const most = Math.min(left, Math.ceil(r * rho));
    ranks.set(path, most);
    left -= most;
  }
  const modules = [...placed.modules].flatMap(([path, module]) => {
    const r = ranks.get(path) ?? module.r;
    return r === 0 ? [] : [[path, { ...module, r }] as const];
  });
  return { ...placed, modules: new Map(modules) };
}
