// Rows ranked by the base, on request.
import { createStore } from 'zustand/vanilla';
import type { Progress, Ranking } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { announce } from '../shell/trouble-store.ts';
import { dataStore } from './data-store.ts';
import { ask, isAbort, refresh } from './table-store.ts';
import { words } from './words.ts';

interface RankingState {
  readonly ranking: Ranking | undefined;
  readonly progress: Progress | undefined;
  readonly problem: string | undefined;
}

const EMPTY: RankingState = { ranking: undefined, progress: undefined, problem: undefined };
export const rankingStore = createStore<RankingState>(() => EMPTY);

export async function rankRows(): Promise<void> {
  const start: Progress = { what: '', done: 0, total: 0, unit: 'rows' };
  rankingStore.setState({ progress: start, problem: undefined });
  try {
    const ranking = await engine().data.rankRows((progress) => {
      if (rankingStore.getState().progress) rankingStore.setState({ progress });
    });
    rankingStore.setState({ ranking, progress: undefined });
    announce(words.ranking.done);
    ask({ sort: 'hardest' });
  } catch (error) {
    rankingStore.setState({ progress: undefined, ...(isAbort(error) ? {} : { problem: sentence(error) }) });
    refresh();
  }
}

export function stopRanking(): void {
  void engine().data.cancelRanking();
}

export function followForRanking(): void {
  dataStore.subscribe(({ status }) => {
    if (status === 'none' || status === 'waiting') rankingStore.setState(EMPTY);
  });
}
