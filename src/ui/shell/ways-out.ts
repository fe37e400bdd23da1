// The engine states what happened; the page adds what can be done about it, each a button.
import type { WayOut } from '../controls/note.tsx';
import { stopAndKeep } from '../train/run-store.ts';
import { goTo } from './place-store.ts';
import { clearTrouble } from './trouble-store.ts';
import { type Way, whichWays } from './which-ways.ts';
import { words } from './words.ts';

const ACT: Record<Way, () => void> = {
  stop: () => void stopAndKeep(),
  base: () => goTo('base'),
  data: () => goTo('data'),
  train: () => goTo('train'),
  library: () => goTo('library'),
  reload: () => location.reload(),
};

export function waysOut(message: string): WayOut[] {
  return whichWays(message).map((way) => ({
    label: words.ways[way],
    onClick: () => {
      clearTrouble();
      ACT[way]();
    },
  }));
}
