// How EVA distributes ranks: the components of all linears form one list, sorted by the share of variance that each explains in its
// own input, and the first of them, as many as the adapter's total rank, get a rank each.

/** A linear that EVA initialises. */
export interface EvaLinear {
  readonly path: string;
  /** The first linear that reads the same input, which stands for all that do. */
  readonly leader: string;
}

/**
 * Ranks by path; 0 where none of a linear's components is among the first `budget`. `sharesOf`: (k) of a leader. Equal components
 * go to leaders first, then in the order of `linears`; a leader has no lower rank than those it stands for.
 */
export function shareRanks(
  linears: readonly EvaLinear[],
  sharesOf: (leader: string) => ArrayLike<number>,
  budget: number,
): Map<string, number> {
  const isLeader = ({ path, leader }: EvaLinear) => path === leader;
  const ordered = [...linears.filter(isLeader), ...linears.filter((linear) => !isLeader(linear))];
  const all = ordered.flatMap(({ path, leader }) => Array.from(sharesOf(leader), (share) => ({ path, share })));
  // Sorting is stable.
  const chosen = all.sort((a, b) => b.share - a.share).slice(0, budget);
  const ranks = new Map(ordered.map(({ path }) => [path, 0]));
  for (const { path } of chosen) ranks.set(path, ranks.get(path)! + 1);
  for (const { path, leader } of ordered) {
    const [own, first] = [ranks.get(path)!, ranks.get(leader)!];
    if (first >= own) continue;
    ranks.set(leader, own);
    ranks.set(path, first);
  }
  return ranks;
}
