// Votes of the blind test, counted for each set of contestants; they survive a reload.
import { createStore } from 'zustand/vanilla';
import { keep, kept } from '../keep.ts';
import type { Answer } from './talk.ts';
import { titleOf } from './who.ts';

export interface Tally {
  /** Contestants in the order of their first vote. */
  readonly contestants: readonly { readonly id: string; readonly name: string; readonly wins: number }[];
  readonly ties: number;
}

type Tallies = Readonly<Record<string, Tally>>;

/** `voted`: the turn that was voted on last, and who won it. */
export const blindStore = createStore<{
  tallies: Tallies;
  voted: { turn: number; winner: number | undefined } | undefined;
}>(() => ({ tallies: readTallies(kept('blind')), voted: undefined }));

const idOf = ({ who }: Pick<Answer, 'who'>) => `${who.adapterId ?? 'base'} ${who.strength}`;

/** Names a set of contestants, whatever their order. */
export function contestOf(answers: readonly Pick<Answer, 'who'>[]): string {
  return answers.map(idOf).sort().join(' | ');
}

/** @param winner index in `answers`; undefined when none is better. */
export function vote(turn: number, answers: readonly Pick<Answer, 'who'>[], winner: number | undefined): void {
  const { tallies } = blindStore.getState();
  const contest = contestOf(answers);
  const next = { ...tallies, [contest]: countVote(tallies[contest], answers, winner) };
  blindStore.setState({ tallies: next, voted: { turn, winner } });
  keep('blind', next);
}

function countVote(
  tally: Tally | undefined,
  answers: readonly Pick<Answer, 'who'>[],
  winner: number | undefined,
): Tally {
  // Sorted by name, so that the order of the list says nothing of the order on the screen.
  const fresh = answers.map(({ who }) => ({ id: idOf({ who }), name: titleOf(who), wins: 0 }));
  const contestants = tally?.contestants ?? fresh.sort((a, b) => (a.id < b.id ? -1 : 1));
  const won = winner === undefined ? undefined : idOf(answers[winner]!);
  return {
    contestants: contestants.map((one) => (one.id === won ? { ...one, wins: one.wins + 1 } : one)),
    ties: (tally?.ties ?? 0) + (won === undefined ? 1 : 0),
  };
}

export function forgetVotes(contest: string): void {
  const { [contest]: _, ...rest } = blindStore.getState().tallies;
  blindStore.setState({ tallies: rest });
  keep('blind', rest);
}

function readTallies(saved: unknown): Tallies {
  if (typeof saved !== 'object' || saved === null) return {};
  const isCount = (n: unknown) => Number.isInteger(n) && (n as number) >= 0;
  return Object.fromEntries(
    Object.entries(saved as Record<string, Partial<Tally>>).filter(
      ([, tally]) =>
        isCount(tally?.ties) &&
        Array.isArray(tally.contestants) &&
        tally.contestants.every(
          (one) => typeof one?.id === 'string' && typeof one.name === 'string' && isCount(one.wins),
        ),
    ),
  ) as Tallies;
}

/** A new order by lot: nobody can learn which side is whose. */
export function shuffled<T>(list: readonly T[]): T[] {
  const lots = crypto.getRandomValues(new Uint32Array(list.length));
  return [...list.keys()].sort((a, b) => lots[a]! - lots[b]!).map((i) => list[i]!);
}
