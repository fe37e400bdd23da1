// The colour and dash of a run: the same in table, chart and legend, and the same at the next visit.
import { keep, kept } from '../keep.ts';

const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 4]];
const LOOKS = DASHES.length;

export interface RunLook {
  /** The page's own colour. */
  readonly stroke: string;
  readonly dash: readonly number[];
}

export function lookAt(place: number): RunLook {
  return { stroke: `--run-${(place % LOOKS) + 1}`, dash: DASHES[place % LOOKS]! };
}

/** Every run gets the next place when it is first seen, oldest first; nothing that is deleted changes another's. */
export function placesOf(idsOldestFirst: readonly string[]): ReadonlyMap<string, number> {
  const stored = kept('run-looks');
  const known = new Map(
    Object.entries(typeof stored === 'object' && stored !== null ? stored : {}).filter(
      (entry): entry is [string, number] => Number.isInteger(entry[1]),
    ),
  );
  let next = Math.max(-1, ...known.values()) + 1;
  for (const id of idsOldestFirst) if (!known.has(id)) known.set(id, next++);
  const mine = new Map(idsOldestFirst.map((id) => [id, known.get(id)!]));
  keep('run-looks', Object.fromEntries(mine));
  return mine;
}
