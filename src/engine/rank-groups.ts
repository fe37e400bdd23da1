// Ranked rows → the three groups that a person acts on.

import type { RowRank } from '../train/rank-rows.ts';
import type { RankGroup } from './protocol.ts';

/** Two of three tokens come as they would have been sampled anyway: exp(-0.4) = 0.67. */
const KNOWN_LOSS = 0.4;
const HARDEST_SHARE = 0.1;

/**
 * `known`: the base says it already. `hardest`: the tenth with the highest loss. `mislabelled`: harder than most, and the
 * row's own prompt makes its answer no likelier than another row's prompt does.
 */
export function rankGroups(ranks: readonly RowRank[]): Readonly<Record<RankGroup, readonly number[]>> {
  const sorted = ranks.toSorted((a, b) => b.loss - a.loss);
  const median = medianLoss(ranks);
  const rows = (some: readonly RowRank[]) => some.map(({ row }) => row);
  return {
    known: rows(ranks.filter(({ loss }) => loss <= KNOWN_LOSS)),
    hardest: rows(sorted.slice(0, Math.ceil(sorted.length * HARDEST_SHARE))),
    mislabelled: rows(sorted.filter(({ loss, pmi }) => loss > median && pmi !== undefined && pmi <= 0)),
  };
}

export function medianLoss(ranks: readonly RowRank[]): number {
  const losses = ranks.map(({ loss }) => loss).sort((a, b) => a - b);
  return losses[Math.floor(losses.length / 2)] ?? Number.NaN;
}
