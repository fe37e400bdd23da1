// Rows ranked by the base: asked for by a person, between the steps of a run if one goes on, and gone when rows or base change.

import type { EditableDataset } from '../data/editable-dataset.ts';
import type { RowRank } from '../train/rank-rows.ts';
import type { OnProgress, RankGroup, Ranking } from './protocol.ts';
import { medianLoss, rankGroups } from './rank-groups.ts';
import type { Session } from './session.ts';

export class RowRanking {
  /** By their place in the table. */
  losses: ReadonlyMap<number, number> = new Map();
  groups: Readonly<Record<RankGroup, ReadonlySet<number>>> | undefined;
  /** Grows with each ranking. */
  runs = 0;
  private ranking: AbortController | undefined;

  constructor(private readonly session: Session) {}

  async rank(table: EditableDataset, version: number, onProgress: OnProgress): Promise<Ranking> {
    this.cancel();
    const mine = new AbortController();
    this.ranking = mine;
    const model = this.session.needModel();
    const { rows, origin } = table.fitted;
    const ranks: RowRank[] = [];
    const { rankRows } = await import('../train/rank-rows.ts');
    const ranking = rankRows(model, rows, mine.signal);
    for (let isDone = false; !isDone; ) {
      const turn = await this.session.turns.take();
      try {
        do {
          const next = await ranking.next();
          if (next.done) isDone = true;
          else ranks.push(next.value);
        } while (!isDone && !turn.isOver);
      } finally {
        turn.end();
      }
      mine.signal.throwIfAborted();
      onProgress({ what: 'Asking the base about each row', done: ranks.length, total: rows.length, unit: 'rows' });
    }
    return this.keep(ranks, origin, version);
  }

  cancel(): void {
    this.ranking?.abort();
  }

  forget(): void {
    this.cancel();
    this.losses = new Map();
    this.groups = undefined;
    this.runs += 1;
  }

  private keep(ranks: readonly RowRank[], origin: readonly number[], version: number): Ranking {
    const places = (rows: readonly number[]) => new Set(rows.map((row) => origin[row]!));
    const { known, hardest, mislabelled } = rankGroups(ranks);
    this.groups = { known: places(known), hardest: places(hardest), mislabelled: places(mislabelled) };
    // A long text is as hard as its hardest part.
    const losses = new Map<number, number>();
    for (const { row, loss } of ranks) losses.set(origin[row]!, Math.max(loss, losses.get(origin[row]!) ?? 0));
    this.losses = losses;
    this.runs += 1;
    return {
      scored: losses.size,
      medianLoss: medianLoss(ranks),
      groups: {
        known: this.groups.known.size,
        hardest: this.groups.hardest.size,
        mislabelled: this.groups.mislabelled.size,
      },
      version,
    };
  }
}
